/* SPDX-License-Identifier: Apache-2.0 */
/* "chain" (several operands): elementwise functions one after the other, without memory in between. */
#ifndef OC_CHAIN_H
#define OC_CHAIN_H

#include "op/eltwise/eltwise.h"

#define OC_CHAIN_STEPS 12
#define OC_CHAIN_OPERANDS 6

/* Step i gives register n + i, where the n operands are registers 0 … n - 1; the last one gives the result. */
typedef struct oc__chain_params {
    int32_t count;
    int32_t fn[OC_CHAIN_STEPS]; /* oc__chain_code() */
    int32_t x[OC_CHAIN_STEPS], y[OC_CHAIN_STEPS]; /* registers; y: 0 where the function has one operand */
    float alpha[OC_CHAIN_STEPS], beta[OC_CHAIN_STEPS];
} oc__chain_params;

/* The same in all versions of the library: made of the op's name. */
int32_t oc__chain_code(const oc__op *op);
/* NULL: none that a chain can have. */
const oc__op *oc__chain_function(int32_t code);
/* Whether a chain can have it: of floats, to floats. */
bool oc__chain_takes(const oc__op *op);

#endif
