/* SPDX-License-Identifier: Apache-2.0 */
/* An op with params, concrete shapes, types, layouts, prologue and epilogue: what solvers solve.
 *
 * One text form on one line (docs/problems.md): key of the find-db, input of bench, unit of the tests, name in logs. */
#ifndef OC_PROBLEM_H
#define OC_PROBLEM_H

#include "tensor/layout.h"

struct oc__op;

/* A value as a solver sees it; dtype NONE: an optional operand that is left out. */
typedef struct oc__desc {
    oc_dtype dtype;
    oc_shape shape;
    oc__layout layout;
} oc__desc;

oc__desc oc__desc_plain(oc_dtype dtype, const oc_shape *shape);
uint64_t oc__desc_bytes(const oc__desc *desc); /* in its layout */

/* What is applied to elements as a problem loads (prologue, to operand 0) or stores them (epilogue, to output 0), in order. */
typedef enum oc__post_kind {
    OC_POST_SCALE = 1, /* x = x * s[c] + t[c], per channel (axis 1); operand: s, operand2: t */
    OC_POST_BIAS,      /* x = x + t[c] (axis 1; last axis for matmul) */
    OC_POST_RESIDUAL,  /* x = x + r, r of the output's shape and layout */
    OC_POST_ELTWISE    /* x = fn(x): an elementwise op of one operand, with its params */
} oc__post_kind;

typedef struct oc__post {
    oc__post_kind kind;
    int operand, operand2;   /* indices into the problem's in[] */
    const struct oc__op *fn; /* OC_POST_ELTWISE */
    float alpha, beta;
} oc__post;

#define OC_MAX_POSTS 6

typedef struct oc__posts {
    int count;
    oc__post items[OC_MAX_POSTS];
} oc__posts;

typedef struct oc__problem {
    const struct oc__op *op;
    const void *params; /* op->params_size bytes, normalized by infer */
    int in_count, out_count;
    oc__desc *in, *out; /* in: the op's operands (op_in of them), then those of pre and post */
    int op_in;
    oc__posts pre, post;
} oc__problem;

/* "op:…" */
void oc__problem_text(const oc__problem *problem, oc__string *out);
/* Reads a text; everything is allocated from the arena. The direction may be NULL. */
oc_status oc__problem_parse(oc__arena *arena, const char *text, const char *direction, oc__problem *out, oc_error *err);

typedef struct oc__cost {
    double flops; /* that the op needs by its definition, multiply-add = 2 */
    double bytes; /* operands read once plus outputs written once */
} oc__cost;
oc__cost oc__problem_cost(const oc__problem *problem);

#endif
