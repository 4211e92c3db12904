/* manyhands.h: write step programs for the Manyhands grid in C. One file, no dependencies.
 *
 * A step program does its work in slices of 10 to 50 ms. Between two slices its stack is empty,
 * so its memory is its state: a volunteer's machine saves it without the program's help, and
 * another machine goes on from there. Keep everything that must survive in static or malloc'ed
 * memory, and close files before a step returns.
 *
 * Define three things in one C file that includes this header (see example.c):
 *
 *     static int start(int argc, char **argv);   read parameters and inputs: once, first
 *     static int step(void);                     the next slice: MANYHANDS_MORE or _DONE
 *     MANYHANDS_STEP_PROGRAM(start, step)
 *
 * start returns 0, or anything else to fail the unit; step may return a positive number to fail
 * it. That number is the exit code (1 for a negative one); say why on stderr.
 * Inputs are under /in, outputs go under /out; standard output is an output too. Build with
 *
 *     clang --target=wasm32-wasi -O2 -msimd128 -mexec-model=reactor -o program.wasm program.c
 */
#ifndef MANYHANDS_H
#define MANYHANDS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* What a step returns. Positive numbers are exit codes. */
enum { MANYHANDS_MORE = 0, MANYHANDS_DONE = -1 };

/* The most parameters' text, in bytes, that a program is given. */
enum { MANYHANDS_ARGUMENTS_MAX = 65536 };

/* How far the program is, in millionths. Optional: a program that never calls it imports nothing. */
__attribute__((import_module("manyhands"), import_name("progress")))
void manyhands_progress_parts(int32_t parts_per_million);

/* Says that done of total is done. */
static inline void manyhands_progress(uint64_t done, uint64_t total) {
    double part = total == 0 || done >= total ? 1.0 : (double)done / (double)total;
    manyhands_progress_parts((int32_t)(part * 1000000.0));
}

/* A reactor has no main, so the parameters are asked for by the WASI calls themselves. */
__attribute__((import_module("wasi_snapshot_preview1"), import_name("args_sizes_get")))
uint16_t manyhands_args_sizes_get(size_t *count, size_t *bytes);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("args_get")))
uint16_t manyhands_args_get(char **argv, char *bytes);

/* Calls start with argc and argv; argv stays allocated, so pointers into it may be kept. */
static inline int manyhands_call_start(int (*start)(int, char **)) {
    size_t count = 0, bytes = 0;
    if (manyhands_args_sizes_get(&count, &bytes) != 0 || bytes > MANYHANDS_ARGUMENTS_MAX) {
        fprintf(stderr, "the parameters cannot be read\n");
        return 1;
    }
    char **argv = calloc(count + 1, sizeof *argv);
    char *text = malloc(bytes + 1);
    if (argv == NULL || text == NULL || manyhands_args_get(argv, text) != 0) {
        fprintf(stderr, "no memory for the parameters\n");
        return 1;
    }
    return start((int)count, argv);
}

/* Exports the step program; use it once, at the end of the file. */
#define MANYHANDS_STEP_PROGRAM(START, STEP)                                                  \
    __attribute__((export_name("manyhands_step"))) int32_t manyhands_step(void) {            \
        static int started;                                                                  \
        if (!started) {                                                                      \
            int failed = manyhands_call_start(START);                                        \
            if (failed != 0) exit(failed > 0 ? failed : 1);                                  \
            started = 1;                                                                     \
        }                                                                                    \
        int code = STEP();                                                                   \
        if (code > 0) exit(code);                                                            \
        /* Nothing runs after the last step that would flush what was printed. */            \
        if (code == MANYHANDS_DONE && fflush(NULL) != 0) exit(1);                            \
        return code == MANYHANDS_DONE;                                                       \
    }

#endif
