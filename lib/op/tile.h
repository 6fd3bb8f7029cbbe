/* SPDX-License-Identifier: Apache-2.0 */
/* Register tiles of CPU kernels (cl/tile.clh): which, and what they cost. */
#ifndef OC_TILE_H
#define OC_TILE_H

#include "op/op.h"

/* Cycles in which a processor with two 512-bit multiply-adds a cycle adds the products of kv x 16 floats by t floats, which lie
 * `apart` floats apart, to a tile of sums: measured. */
double oc__tile_cycles(int kv, int t, int64_t apart);
/* kv: in how many vectors of 16 to take so many results (channels, columns) of so many groups, `widest` at most, 3 only if wanted.
 * It depends on nothing else, since it shows in the layout of weights. */
int oc__tile_vectors(int64_t count, int64_t groups, int widest, bool three);
/* t: how many of the others (pixels of a row, rows) a tile takes. Few values in all, so that few programs are built; `within`: not
 * more than there are. */
int oc__tile_length(int kv, int64_t others, int64_t apart, bool within);
/* A smaller count with the same kv and the same tail, for verification. */
int64_t oc__tile_shrink(int64_t count, int widest, bool three);
/* Seconds of so many of these cycles, or of the problem's bytes where these take longer; shared by so many work-items. */
double oc__tile_seconds(const oc__problem *problem, const oc__caps *caps, double cycles, double work_items);

#endif
