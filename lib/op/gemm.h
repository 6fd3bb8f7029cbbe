/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products by work-groups with tiles in local memory (cl/gemm_local.clh): which tiles, in how many parts of K, what they cost.
 * Products themselves and convolutions that are made into products share it. */
#ifndef OC_GEMM_H
#define OC_GEMM_H

#include "op/op.h"

/* Sizes of `batch` products. */
typedef struct oc__gemm_size {
    int64_t m, n, k, batch;
    bool whole;       /* K is not to be cut */
    int column_bytes; /* local memory besides the tiles, for each column of a tile */
} oc__gemm_size;

/* A tile: groups of wx x wy items, tm rows of nv vectors of vec an item, kb rows of both operands in local memory. */
typedef struct oc__gemm_tile {
    int16_t wx, wy, tm, nv, vec, kb;
    float cpu, lanes, gpu; /* share of the peak: one item a thread (PoCL), lockstep on a CPU (llvmpipe), a GPU */
} oc__gemm_tile;

typedef struct oc__gemm_cut {
    const oc__gemm_tile *tile;
    int64_t tiles_m, tiles_n, parts, k_part;
} oc__gemm_cut;

/* Tiles as a tuning space: which, and in how many parts of K at least. */
extern const oc__tuning oc__gemm_space[];
/* Whether a tile fits the device; else why not. */
bool oc__gemm_fits(oc__gemm_size size, const oc__caps *caps, char why[OC_WHY]);
void oc__gemm_variant(oc__gemm_size size, const oc__caps *caps, oc__variant *out);
/* What a variant stands for; one that does not fit the device becomes one that does. */
oc__gemm_cut oc__gemm_cut_of(const oc__gemm_size *size, const oc__caps *caps, const oc__variant *variant);
double oc__gemm_seconds(oc__gemm_size size, const oc__caps *caps, const oc__variant *variant);
/* Bytes of the parts' sums; 0 if there is one part. */
uint64_t oc__gemm_workspace(oc__gemm_size size, const oc__caps *caps, const oc__variant *variant);
/* Bytes of the sums of so many parts. */
uint64_t oc__gemm_sums(const oc__gemm_size *size, int64_t parts);
/* WX … KB. */
void oc__gemm_define(const oc__gemm_cut *cut, const oc__caps *caps, oc__string *defines);
/* Elements from one product to the next of a, b and c, and from row to row of c. */
typedef struct oc__gemm_strides {
    int64_t a, b, c, row;
} oc__gemm_strides;
/* What matmul_local.cl takes behind its three operands. */
void oc__gemm_args(oc__steps *steps, oc__step *step, const oc__gemm_size *size, const oc__gemm_cut *cut, const oc__gemm_strides *strides);
void oc__gemm_range(oc__step *step, const oc__gemm_size *size, const oc__gemm_cut *cut);
/* What a step writes: sums of `parts` of K to the workspace, where there are several; else the result, with bias (operand 2) if there
 * is one, and epilogue. DST, HAS_BIAS, POSTS; then three operands; then, behind the other arguments, bias and epilogue. */
void oc__gemm_result_define(const oc__problem *problem, int64_t parts, bool bias, oc__string *defines);
void oc__gemm_result_places(const oc__recording *recording, oc__step *step, int64_t parts);
void oc__gemm_result_posts(const oc__recording *recording, oc__step *step, int64_t parts, bool bias);
/* The step that adds the parts, if there are several, with bias and epilogue along the last axis, or along axis 1 (by_row: columns are
 * the pixels of images). */
void oc__gemm_join(const oc__recording *recording, const oc__gemm_size *size, int64_t parts, bool bias, bool by_row);

#endif
