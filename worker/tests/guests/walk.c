// A step program that keeps state in every place there is: stack pointer, static and allocated memory,
// an open file, its position, standard output, standard error, the clock and the random stream.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

__attribute__((import_module("manyhands"), import_name("progress"))) void progress(int);

#define STEPS 200

static int step;
static double position;
static FILE *trace;
static char *blocks[STEPS];

static long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_nsec;
}

__attribute__((export_name("manyhands_step"))) int manyhands_step(void) {
  if (!trace) {
    trace = fopen("/out/trace.txt", "w");
    printf("begun\n");
  }
  uint64_t random;
  getentropy(&random, sizeof random);
  position += (double)(random >> 11) / 9007199254740992.0 - 0.5;
  blocks[step] = malloc(4000 + 10 * step);
  blocks[step][step] = (char)random;
  fprintf(trace, "%d %.17g %ld\n", step, position, now());
  if (step % 50 == 0) {
    fprintf(stderr, "at step %d\n", step);
    fflush(stdout);
  }
  progress(1000000 / STEPS * ++step);
  if (step < STEPS)
    return 0;
  long sum = 0;
  for (int i = 0; i < STEPS; i++)
    sum += blocks[i][i];
  printf("sum %ld, position %.17g\n", sum, position);
  fclose(trace);
  fflush(stdout);
  return 1;
}
