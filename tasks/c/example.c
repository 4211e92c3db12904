/* A step program in C: counts the steps of the Collatz sequence (n -> n/2, or 3n + 1) for every
 * n up to its first parameter, and prints the n whose sequence is the longest.
 *
 * Parameters: LAST, from 1 to 4,000,000,000. */
#include <errno.h>

#include "manyhands.h"

/* Numbers tried in one step: about 20 ms. */
enum { NUMBERS_PER_STEP = 50000 };

static uint64_t next = 1, last;
static uint64_t longest_start, longest_length;

static int start(int argc, char **argv) {
    char *end = NULL;
    errno = 0;
    if (argc == 2) last = strtoull(argv[1], &end, 10);
    if (end == NULL || *end != '\0' || errno != 0 || last < 1 || last > 4000000000u) {
        fprintf(stderr, "give one parameter: the last number, from 1 to 4000000000\n");
        return 2;
    }
    return 0;
}

static uint64_t length_of_sequence(uint64_t n) {
    uint64_t length = 0;
    for (; n != 1; length++) n = n % 2 == 0 ? n / 2 : 3 * n + 1;
    return length;
}

static int step(void) {
    for (int i = 0; i < NUMBERS_PER_STEP && next <= last; i++, next++) {
        uint64_t length = length_of_sequence(next);
        if (length > longest_length) {
            longest_length = length;
            longest_start = next;
        }
    }
    manyhands_progress(next - 1, last);
    if (next <= last) return MANYHANDS_MORE;
    printf("%llu takes %llu steps\n", (unsigned long long)longest_start,
           (unsigned long long)longest_length);
    return MANYHANDS_DONE;
}

MANYHANDS_STEP_PROGRAM(start, step)
