/* SPDX-License-Identifier: Apache-2.0 */
/* Register tiles of CPU kernels (cl/tile.clh): which, and what they cost. */
#ifndef OC_TILE_H
#define OC_TILE_H

#include "op/op.h"

/* Cycles in which a processor with two 512-bit multiply-adds a cycle adds the products of kv x 16 floats by t floats, which lie
 * `apart` floats apart, to a tile of sums: measured. */
double oc__tile_cycles(int kv, int t, int64_t apart);
/* kv and t: the tile that needs the fewest cycles for k results (channels, columns), in so many groups, by so many others (pixels of
 * a row, rows). */
void oc__tile_choose(int64_t k, int64_t groups, int64_t others, int64_t apart, int *kv, int *t);
/* Seconds of so many of these cycles, or of the problem's bytes where these take longer; shared by so many work-items. */
double oc__tile_seconds(const oc__problem *problem, const oc__caps *caps, double cycles, double work_items);

#endif
