/* SPDX-License-Identifier: Apache-2.0 */
/* Plain data that graphs and problems share: a value's description, prologues and epilogues. */
#ifndef OC_DESC_H
#define OC_DESC_H

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

#endif
