/* SPDX-License-Identifier: Apache-2.0 */
/* The transforms of weights for Winograd's convolution (Winograd 1980; Lavin and Gray 2016), along one axis. */
#ifndef OC_WINOGRAD_H
#define OC_WINOGRAD_H

#include "tensor/layout.h"

#define OC_WINOGRAD_POINTS 6
#define OC_WINOGRAD_TAPS 5

/* transformed = to x taps; taps = from x transformed. */
typedef struct oc__winograd_1d {
    int tile, taps, points; /* points = tile + taps - 1 */
    double to[OC_WINOGRAD_POINTS][OC_WINOGRAD_TAPS], from[OC_WINOGRAD_TAPS][OC_WINOGRAD_POINTS];
} oc__winograd_1d;

/* For tiles of 2 or 4 results; of one tap it is the identity, for any tile. NULL: there is none. */
const oc__winograd_1d *oc__winograd_of(int tile, int64_t taps);
/* Whether a transformed layout has its blocks of the second axis, input channels: then taps are in reverse order along both axes, as
 * backward by data needs them. */
bool oc__winograd_turned(const oc__layout *layout);

#endif
