/* SPDX-License-Identifier: Apache-2.0 */
/* The room of optimizer steps: "sgd_update", "adam_update", "adamw_update", "adagrad_update" and "rmsprop_update".
 *
 * Operands: hyper (9) of f32 as train.h has it; then n parameters, their n gradients, their n first moments (sgd, rmsprop: the
 * momentum; adagrad: the sum of squares), and for all but sgd and adagrad their n second moments. Outputs: the new parameters and
 * moments, in the order of their operands.
 *
 * Where all of a kind lie in one slab as oc__update_segments() has it, and alike for all kinds, one kernel does them all;
 * else there is one a parameter. Outputs may lie where their operands lie. Between segments there are zeros, and stay. */
#ifndef OC_UPDATE_H
#define OC_UPDATE_H

#include "op/room.h"

typedef struct oc__update_params {
    int32_t count; /* of parameters. Default (0): as many as the operands make */
    bool nesterov; /* sgd */
    bool l1;       /* hyper's L1 factor is looked at */
} oc__update_params;

/* Elements between the beginnings of segments are multiples of this. */
#define OC_UPDATE_ALIGN (OC_SEGMENT / (int64_t)sizeof(float))

/* Where parameter i begins, in elements from the first: offsets[i] (NULL: not wanted). Gives the number of elements up to the
 * end of the last one, without padding behind it. */
int64_t oc__update_segments(const oc__problem *problem, int64_t *offsets);
/* The operand number of parameter 0's slot in each kind: 0 parameters, 1 gradients, 2 and 3 moments; how many kinds there are. */
int oc__update_kinds(const oc__op *op);
int oc__update_operand(const oc__problem *problem, int kind, int i);

/* A rule of updating, by oc_optimizer_kind. */
typedef struct oc__update_rule {
    const oc__op *op;
    int kinds;
    const char *moments[2]; /* what the optimizer's states are called */
} oc__update_rule;
extern const oc__update_rule oc__update_rules[];
#define OC_UPDATE_RULES 5

oc_status oc__update_host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                          oc_error *err);

#endif
