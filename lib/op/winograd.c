/* SPDX-License-Identifier: Apache-2.0 */
#include "op/winograd.h"

#include <stddef.h>

/* At the points 0, 1, -1, 2, -2 and infinity, the first three and infinity for four. */
static const oc__winograd_1d all[] = {
    {.taps = 1, .points = 1, .to = {{1}}, .from = {{1}}},
    {.tile = 2, .taps = 3, .points = 4,
     .to = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}},
     .from = {{1, 0, 0, 0}, {0, 1, -1, 0}, {0, 0, 0, 1}}},
    {.tile = 4, .taps = 3, .points = 6,
     .to = {{1 / 4., 0, 0}, {-1 / 6., -1 / 6., -1 / 6.}, {-1 / 6., 1 / 6., -1 / 6.}, {1 / 24., 1 / 12., 1 / 6.},
            {1 / 24., -1 / 12., 1 / 6.}, {0, 0, 1}},
     .from = {{4, 0, 0, 0, 0, 0}, {0, -3, 3, 0, 0, 0}, {0, 0, 0, 0, 0, 1}}},
    {.tile = 2, .taps = 5, .points = 6,
     .to = {{1 / 4., 0, 0, 0, 0}, {-1 / 6., -1 / 6., -1 / 6., -1 / 6., -1 / 6.}, {-1 / 6., 1 / 6., -1 / 6., 1 / 6., -1 / 6.},
            {1 / 24., 1 / 12., 1 / 6., 1 / 3., 2 / 3.}, {1 / 24., -1 / 12., 1 / 6., -1 / 3., 2 / 3.}, {0, 0, 0, 0, 1}},
     .from = {{4, 0, 0, 0, 0, 0}, {0, -4, 4, -2, 2, 0}, {-4, -3, -3, 0, 0, -1}, {0, 1, -1, 2, -2, 0}, {0, 0, 0, 0, 0, 1}}},
};

bool oc__winograd_turned(const oc__layout *layout) {
    return layout->winograd && layout->block_axis[0] == 1;
}

const oc__winograd_1d *oc__winograd_of(int tile, int64_t taps) {
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].taps == taps && (taps == 1 || all[i].tile == tile))
            return &all[i];
    return NULL;
}
