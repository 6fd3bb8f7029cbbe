/* SPDX-License-Identifier: Apache-2.0 */
/* A progress bar with the time left, on stderr, where that is a terminal. */
#ifndef BAR_H
#define BAR_H

#include <stdbool.h>
#include <stdint.h>

typedef struct bar {
    bool shown;
    double begin, last; /* seconds */
    int64_t first;      /* step at which it began, -1: not yet */
} bar;

void bar_begin(bar *bar);
void bar_step(bar *bar, int64_t step, int64_t steps, double loss);
void bar_end(bar *bar); /* wipes it */

#endif
