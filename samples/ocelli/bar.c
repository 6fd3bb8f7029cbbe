/* SPDX-License-Identifier: Apache-2.0 */
#include "bar.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app.h"

#define WIDTH 30

void bar_begin(bar *bar) {
    memset(bar, 0, sizeof(*bar));
    bar->shown = isatty(STDERR_FILENO);
    bar->begin = seconds_now();
    bar->first = -1;
}

void bar_step(bar *bar, int64_t step, int64_t steps, double loss) {
    double now = seconds_now();
    if (bar->first < 0)
        bar->first = step - 1;
    if (!bar->shown || (now - bar->last < 0.1 && step < steps))
        return;
    bar->last = now;
    int filled = steps > 0 ? (int)(WIDTH * step / steps) : 0;
    double left = (now - bar->begin) / (double)(step - bar->first) * (double)(steps - step);
    char cells[WIDTH + 1] = {0};
    for (int i = 0; i < WIDTH; i++)
        cells[i] = i < filled ? '#' : '.';
    fprintf(stderr, "\r[%s] %lld/%lld  loss %.4f  %d:%02d left ", cells, (long long)step, (long long)steps, loss, (int)left / 60,
            (int)left % 60);
}

void bar_end(bar *bar) {
    if (bar->shown)
        fputs("\r\x1b[K", stderr);
}
