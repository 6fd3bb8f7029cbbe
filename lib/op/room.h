/* SPDX-License-Identifier: Apache-2.0 */
/* What rooms share: refusals, strides, layouts with channels in blocks, kernel arguments of all axes. */
#ifndef OC_ROOM_H
#define OC_ROOM_H

#include "op/op.h"

/* Writes why a solver cannot; returns false. */
bool oc__refuse(char why[OC_WHY], const char *format, ...) OC_FORMAT(2, 3);
/* Refuses problems with a prologue or epilogue. */
bool oc__without_posts(const oc__problem *problem, char why[OC_WHY]);
/* The same, for kernels of the shape "one work-item a group": see oc__lone_fits(). */
bool oc__for_cpu(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]);
/* Such kernels, any epilogue, no prologue, operands of f32. */
bool oc__for_cpu_f32(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]);
/* The same, operand 1 being f32 or f16, as oc__define_weights() then says for cl/tile.clh. */
bool oc__for_cpu_weights(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]);
void oc__define_weights(const oc__problem *problem, oc__string *defines);
/* Refuses a prologue, and operands of the epilogue that are not f32. */
bool oc__posts_f32(const oc__problem *problem, char why[OC_WHY]);
/* llvmpipe (Mesa 22.3) ends the loops of a work-item, without a word, after 65535 rounds in all: refuses more there. Solvers
 * for SIMT devices keep their loops short. */
bool oc__rounds_fit(const oc__caps *caps, int64_t rounds, char why[OC_WHY]);
/* The same of a solver whose loops nobody counts: one work-item a group (OC_SOLVER_LONE), which has the fewest and longest. */
bool oc__lone_fits(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]);
/* Has the loops of cl/each.clh do OC_ROUND at a time there. */
#define OC_ROUND 8
void oc__define_round(const oc__caps *caps, oc__string *defines);
/* Refuses f64 where the device has no double precision. */
bool oc__types_fit(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]);
/* The same of those that move elements without looking at them. */
bool oc__move_ref_applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]);
/* applicable() of `ref` solvers. */
bool oc__ref_applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]);
/* The same of those that take all there is. */
bool oc__always_applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]);
double oc__ref_estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant);
/* Where a work-item of `ref` reads a window or a row. */
double oc__ref_window_estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant);

/* The product of sizes from ... to - 1; of numbers only. */
int64_t oc__dims_product(const oc_shape *shape, int from, int to);
/* Elements of a shape of numbers; infer has checked that they can be counted. */
int64_t oc__count(const oc_shape *shape);
/* Row-major strides. */
void oc__row_strides(const oc_shape *shape, int64_t strides[OC_MAX_RANK]);
/* Strides of an operand along the axes of the shape it is broadcast to (aligned at the end): 0 where it is repeated. */
void oc__broadcast_strides(const oc_shape *operand, const oc_shape *to, int64_t strides[OC_MAX_RANK]);

/* The block size if a layout is plain but for axis 1, which is cut once ("aBcd16b"); 1 if it is plain; else 0. */
int oc__channel_block(const oc__layout *layout);
/* Lanes beyond the last channel: 0 if the blocks are full, or if there are none. */
bool oc__has_padding(const oc__layout *layout, const oc_shape *shape);

/* Sizes, or strides, of up to 8 axes as eight `long` arguments (cl/axes.clh), those of missing axes in front. */
void oc__step_sizes(oc__steps *steps, oc__step *step, const oc_shape *shape);
void oc__step_strides(oc__steps *steps, oc__step *step, const int64_t *strides, int rank);
/* The place of an operand, in elements of its type. */
void oc__step_desc(oc__steps *steps, oc__step *step, oc__place place, const oc__desc *desc);

/* The unsigned integer of so many bytes, as which elements are moved: "uint". */
const char *oc__element_type(oc_dtype dtype);
/* Of kernels that go along rows, an axis being the last one or none: row r of `rows`, each of `run` elements, in pieces. Adds four
 * numbers, and the range. */
void oc__step_rows(oc__steps *steps, oc__step *step, int64_t rows, int64_t run);
#define OC_ROW_PIECE 16384 /* elements of a row that a work-item takes at most */
#define OC_ROW_CHUNK 4096  /* elements of several rows, about */
/* Joins axes that lie one behind another in a shape and in all of these strides; leaves at least one. */
void oc__join_axes(oc_shape *shape, int64_t (*strides)[OC_MAX_RANK], int count);

/* Ends a recording: the defines' text is freed; out of memory is reported. */
oc_status oc__record_end(const oc__recording *recording, oc__string *defines, oc_error *err);

/* The bytes of operands and outputs, and so many flops an element of output 0. */
oc__cost oc__cost_of_flops(const oc__problem *problem, double flops);

/* Nodes of two operands and of one, for gradients. */
oc_value *oc__node2(oc_graph *graph, const oc__op *op, const void *params, oc_value *a, oc_value *b, oc_error *err);
oc_value *oc__node3(oc_graph *graph, const oc__op *op, const void *params, oc_value *a, oc_value *b, oc_value *c, oc_error *err);
/* OC_OK, or the graph's error if the value is NULL. */
oc_status oc__gave(const oc_graph *graph, const oc_value *value);

/* The definition of what moves nothing and changes nothing: output 0 is operand 0. */
oc_status oc__copy_host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out, oc_error *err);

/* Elements as a type stores them: integers wrap, bool is 0 or 1; floating-point stays. */
double oc__as_type(oc_dtype dtype, double value);

#endif
