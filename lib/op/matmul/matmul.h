/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the matrix product room share. */
#ifndef OC_MATMUL_H
#define OC_MATMUL_H

#include <ocelli/op/matmul.h>

#include "op/onnx_rule.h"

extern const oc__onnx_rule oc__matmul_onnx[];

/* A product's numbers. Batches are counted over the broadcast leading axes; a_batch, b_batch: elements (plain) from one product to
 * the next, 0 if the operand is the same for all; `uniform`: these two strides say it all (no mixed broadcasting). */
typedef struct oc__matmul {
    int64_t m, n, k, batch, a_batch, b_batch;
    bool ta, tb, bias, uniform;
} oc__matmul;
oc__matmul oc__matmul_of(const oc__problem *problem);
/* Whether it is what solvers on plain layouts take: one stride between products, not empty, f16 only without operands of an epilogue. */
bool oc__matmul_plain(const oc__problem *problem, char why[OC_WHY]);
/* What solvers of one work-item a group take. */
bool oc__matmul_for_cpu(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]);
/* Panels of so many columns of the right operand: that axis in blocks, its blocks outermost of the last two axes. */
void oc__matmul_panels(const oc__problem *problem, int columns, oc__layout *layout);
/* Small products share one tile of matmul.tiled, and so one program: building another takes longer than it could ever save. */
bool oc__matmul_small(const oc__matmul *x);
/* The arguments of matmul_post.clh's bias. */
void oc__matmul_bias(const oc__recording *recording, oc__step *step);
void oc__matmul_shrink(const oc__problem *from, oc__desc *in);

extern const oc__solver oc__matmul_ref, oc__matmul_packed, oc__matmul_tiled, oc__matmul_vector, oc__matmul_local, oc__matmul_subgroup,
    oc__matmul_clblast;

#endif
