/* SPDX-License-Identifier: Apache-2.0 */
/* Passes over the graph: each is one file, takes a graph (a plan's own copy) and rewrites it. */
#ifndef OC_GRAPH_PRIVATE_H
#define OC_GRAPH_PRIVATE_H

#include <ocelli/plan.h>

#include "op/op.h"

/* copy.c: a copy with symbols bound and every shape inferred anew. Dead nodes are left out (all inputs stay, and the states that
 * are used). In the copy of a training graph, states that are updated have their update. */
typedef struct oc__copy_params {
    bool bind; /* else symbols stay symbols */
    const oc_dim_binding *dims;
    size_t dim_count;
    int64_t default_dim;
    const char *const *outputs; /* NULL: all of them, and all updates */
    size_t output_count;
    bool no_updates;
    const char *batch; /* not NULL: the first axis of every input becomes the symbol of this name */
    /* Not NULL: a part of the graph, of the nodes marked here (by id); what others make is an input of the part, and its outputs are
     * the values marked as exported (by id), each named by oc__cut_name(). Updates are left out, unless `updates`. */
    const bool *nodes, *exported;
    bool updates;
    const bool *updated; /* with `updates`: only states marked here, by their place in the graph's list; NULL: all */
    const char *keep; /* not NULL: with `bind`, the symbol of this name stays one */
} oc__copy_params;
#define OC_CUT_NAME 32
const char *oc__cut_name(const oc_value *value, char name[OC_CUT_NAME]);
bool oc__is_cut_name(const char *name);
oc__copy_params oc__plan_copy_params(const oc_plan_params *params); /* what a plan wants */
oc_status oc__graph_copy(oc_graph **out, const oc_graph *graph, const oc__copy_params *params, oc_error *err);

/* passes.c: all passes that a plan wants, in their order. */
typedef struct oc__rewriting {
    bool inference, fusion; /* training forms become those of inference; nodes need not stay steps of their own */
    bool widen;             /* f16 is computed in f32 */
} oc__rewriting;
oc_status oc__rewrite(oc_graph *graph, const oc__rewriting *wanted, oc_error *err);
/* A line about a change that a pass makes, beginning with the node it makes it to. */
void oc__pass_note(const oc_graph *graph, const oc_node *node, const char *format, ...) OC_FORMAT(3, 4);
const char *oc__node_label(const oc_node *node); /* its name, else its op's */

/* widen.c: what is f16 between inputs, states and outputs is computed in f32. */
oc_status oc__pass_widen(oc_graph *graph, oc_error *err);
/* dead.c: removes nodes whose outputs nobody uses. */
oc_status oc__pass_dead(oc_graph *graph, oc_error *err);
/* lift.c: what is between convolutions over one axis has the second axis, of one element, that these have. */
oc_status oc__pass_lift(oc_graph *graph, oc_error *err);
/* fold.c: computes nodes of constants on the host, in double precision. */
oc_status oc__pass_fold(oc_graph *graph, oc_error *err);
/* simplify.c: removes nodes that change nothing (identity, reshape to the same shape, transpose by identity …). */
oc_status oc__pass_simplify(oc_graph *graph, oc_error *err);
/* common.c: nodes that compute the same from the same become one; constants of the same elements too. */
oc_status oc__pass_common(oc_graph *graph, oc_error *err);
/* transpose.c: transposes of transposes become one or none; those before products are done by these. */
oc_status oc__pass_transpose(oc_graph *graph, oc_error *err);
/* taps.c: convolutions of images that are smaller than the window go without the taps that see only padding. */
oc_status oc__pass_taps(oc_graph *graph, oc_error *err);
/* inference.c: training forms of dropout and batch normalization become those of inference. */
oc_status oc__pass_inference(oc_graph *graph, oc_error *err);
/* norm.c: batch normalization with known statistics goes into the weights and the bias of the convolution or product before it, where
 * no run changes these. */
oc_status oc__pass_norm(oc_graph *graph, oc_error *err);
/* fuse.c: moves elementwise nodes behind convolutions and products into their epilogues. */
oc_status oc__pass_fuse(oc_graph *graph, oc_error *err);

/* named.c: activations written as several nodes (swish, hard swish, mish, GELU) become one. */
oc_status oc__pass_named(oc_graph *graph, oc_error *err);
/* chain.c: elementwise nodes that follow each other become one. */
oc_status oc__pass_chain(oc_graph *graph, oc_error *err);

/* rewrite.c: helpers of passes. */
void oc__replace_uses(oc_graph *graph, oc_value *from, oc_value *to); /* in nodes, outputs and updates */
int oc__use_count(const oc_graph *graph, const oc_value *value);      /* by nodes, outputs and updates */
void oc__take_place(oc_graph *graph, const oc_node *of); /* the last node that was added takes the place and name of another one */
void oc__take_place_all(oc_graph *graph, const oc_node *of, size_t count); /* the same for the last `count` nodes, in their order */
/* Runs a pass that knows the uses of each value, by id, as they are before it; then takes out what is dead. */
oc_status oc__pass_with_uses(oc_graph *graph, oc_status (*run)(oc_graph *graph, int *uses, oc_error *err), oc_error *err);
int *oc__use_counts(const oc_graph *graph); /* of each value, by id; NULL when out of memory; freed by the caller */
bool *oc__fixed_values(const oc_graph *graph); /* likewise: whether made of constants, and of states that no run changes */
void oc__put_before(oc_graph *graph, const oc_node *node); /* the last node that was added comes before this one */

/* The problem of a node, plain layouts; descs has room for in_count + out_count entries. */
void oc__node_problem(const oc_node *node, oc__desc *descs, oc__problem *out);
/* Computes one node in double precision; its outputs are allocated into values[id]. */
oc_status oc__interpret_node(const oc_node *node, double **values, oc_error *err);

/* interpret.c: runs a graph (all shapes numbers) on the host in double precision, by the ops' definitions. values[id] holds the
 * elements of the value, row-major; inputs and states are given, the others are allocated and filled. */
oc_status oc__graph_interpret(const oc_graph *graph, double **values, oc_error *err);
void oc__graph_interpret_finish(const oc_graph *graph, double **values); /* frees those that interpret allocated */

#endif
