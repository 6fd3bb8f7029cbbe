/* SPDX-License-Identifier: Apache-2.0 */
/* Prologues and epilogues as text for kernels, as kernel arguments, and in double precision.
 *
 * For a chain with prefix P ("POST", or "PRE" for prologues) a program gets
 *
 *     #define POST_COUNT 3
 *     #define POST_PARAMS , __global const TYPE(A2) *post0_t, long post0_t_off, …  the operands of scale, bias and residual
 *     #define POST_0_BIAS     (or _SCALE, _RESIDUAL, _ELTWISE)
 *     #define POST_0(x) …     eltwise: the function, constants filled in; else POST_0(x, s, t): the formula
 *     #define POST_APPLY(x) POST_BIAS(x, 0, A2) POST_ELTWISE(x, 1) …
 *
 * and a kernel either spells out what POST_0 … are applied to, or defines POST_SCALE(x, i, S, T), POST_BIAS(x, i, T) and
 * POST_RESIDUAL(x, i, T) as statements that load the operands post##i##_s and post##i##_t (of types S and T) at its place and
 * change x; then POST_APPLY(x) is the whole chain. POST_PARAMS and POST_APPLY are empty where there is nothing to do. */
#ifndef OC_POSTS_H
#define OC_POSTS_H

#include "op/op.h"

void oc__posts_define(const oc__posts *posts, oc__string *defines);
void oc__posts_define_as(const oc__posts *posts, const char *prefix, oc__string *defines);
/* The arguments of POST_PARAMS, in its order. */
void oc__posts_args(const oc__recording *recording, const oc__posts *posts, oc__step *step);
/* Applies a chain to the elements of a shape, in plain layout; in[] are all of the problem's operands. */
void oc__posts_host(const oc__problem *problem, const oc__posts *posts, const oc_shape *shape, const double *const *in,
                    double *values);
/* The axis that a bias goes along: the last one for matrix products, else 1. */
int oc__posts_channel_axis(const oc__problem *problem, const oc_shape *shape);

#endif
