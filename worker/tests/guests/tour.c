// A tour of what a C program does with its surroundings: arguments, standard streams, files,
// directories, memory, sorting, time and random numbers. Not written for any grid.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int by_value(const void *a, const void *b) {
  long x = *(const long *)a, y = *(const long *)b;
  return (x > y) - (x < y);
}

static void list(const char *path) {
  DIR *directory = opendir(path);
  if (!directory) {
    printf("%s: %s\n", path, strerror(errno));
    return;
  }
  printf("%s:", path);
  for (struct dirent *entry; (entry = readdir(directory));)
    printf(" %s", entry->d_name);
  printf("\n");
  closedir(directory);
}

static void sort_numbers(void) {
  FILE *in = fopen("/in/numbers.txt", "r");
  if (!in) {
    perror("/in/numbers.txt");
    exit(3);
  }
  size_t count = 0, space = 4;
  long *numbers = malloc(space * sizeof *numbers);
  while (fscanf(in, "%ld", &numbers[count]) == 1)
    if (++count == space)
      numbers = realloc(numbers, (space *= 2) * sizeof *numbers);
  fclose(in);
  qsort(numbers, count, sizeof *numbers, by_value);
  mkdir("/out/sorted", 0777);
  FILE *out = fopen("/out/sorted/numbers.txt", "w");
  for (size_t i = 0; i < count; i++)
    fprintf(out, "%ld\n", numbers[i]);
  fclose(out);
  out = fopen("/out/sorted/numbers.txt", "a+");
  fprintf(out, "end\n");
  fseek(out, 0, SEEK_SET);
  char line[32];
  printf("first line: %s", fgets(line, sizeof line, out));
  fclose(out);
  free(numbers);
}

int main(int argc, char **argv) {
  for (int i = 0; i < argc; i++)
    printf("argument %d: %s\n", i, argv[i]);
  printf("HOME: %s\n", getenv("HOME") ? getenv("HOME") : "(none)");
  char word[64];
  while (scanf("%63s", word) == 1)
    printf("word: %s\n", word);

  sort_numbers();
  FILE *scratch = fopen("/tmp/scratch", "wb");
  fwrite("0123456789", 1, 10, scratch);
  fclose(scratch);
  rename("/tmp/scratch", "/tmp/moved");
  struct stat status;
  stat("/tmp/moved", &status);
  printf("size of /tmp/moved: %ld\n", (long)status.st_size);
  list("/");
  list("/in");
  list("/out/sorted");
  list("/tmp");
  unlink("/tmp/moved");
  list("/tmp");
  if (!fopen("/in/numbers.txt", "w"))
    printf("writing an input: %s\n", strerror(errno));
  if (!fopen("/etc/passwd", "r"))
    printf("/etc/passwd: %s\n", strerror(errno));
  if (!fopen("/in/../../etc/passwd", "r"))
    printf("/in/../../etc/passwd: %s\n", strerror(errno));

  printf("time: %ld\n", (long)time(NULL));
  srand((unsigned)time(NULL));
  unsigned char random[8];
  getentropy(random, sizeof random);
  printf("rand: %d, entropy:", rand());
  for (size_t i = 0; i < sizeof random; i++)
    printf(" %02x", random[i]);
  printf("\n");
  struct timespec nap = {.tv_sec = 3600};
  nanosleep(&nap, NULL);
  printf("an hour later: %ld\n", (long)time(NULL));
  fprintf(stderr, "done\n");
  return 0;
}
