/* SPDX-License-Identifier: Apache-2.0 */
/* Data parallelism as a matter of types: rows stay rows; sums over rows are shares of a sum, means of a mean; what follows is done
 * once. A gradient bears the factor 1 / rows of the mean loss it comes from, and its sums over rows are shares of a mean. */
#include "plan/roles.h"

#include <stdio.h>
#include <string.h>

typedef struct finder {
    oc__roles *roles;
    const oc_graph *graph;
    int64_t batch;
    char *why;
} finder;

static bool refuse(const finder *f, const oc_node *node, const char *text) {
    snprintf(f->why, OC_WHY, "%.60s%s%s: %s", node->name ? node->name : "", node->name ? ": " : "", node->op->name, text);
    return false;
}

static bool has_role(const finder *f, const oc_node *node, oc__role a, oc__role b) {
    for (int i = 0; i < node->in_count; i++)
        if (node->in[i] && (f->roles->of[node->in[i]->id] == a || f->roles->of[node->in[i]->id] == b))
            return true;
    return false;
}

static void give(finder *f, const oc_value *value, oc__role role, bool mean) {
    f->roles->of[value->id] = role;
    f->roles->mean[value->id] = mean;
    f->roles->shares = f->roles->shares || role == OC_ROLE_SHARE;
}

static void give_all(finder *f, const oc_node *node, oc__role role, bool mean) {
    for (int i = 0; i < node->out_count; i++)
        give(f, node->out[i], role, mean);
}

/* Whether the rows that come out bear the factor: ops are taken to be linear in the one operand that bears it, and those that are
 * not are refused. */
static bool merge_means(const finder *f, const oc_node *node, bool *mean) {
    int with = 0, without = 0;
    *mean = false;
    for (int i = 0; i < node->in_count; i++) {
        if (!node->in[i] || oc__is_shape_only(node->op, node->op_in, i) || f->roles->of[node->in[i]->id] != OC_ROLE_ROWS)
            continue;
        with += f->roles->mean[node->in[i]->id];
        without += !f->roles->mean[node->in[i]->id];
    }
    if (oc__node_is(node, "broadcast_like") && with + without == 0) {
        *mean = oc__node_param(node, "mean", 0) && oc__node_axes_have(node, 0);
        return true;
    }
    *mean = with > 0;
    bool sum = oc__node_is(node, "add") || oc__node_is(node, "sub") || oc__node_is(node, "concat");
    bool linear = node->in_count > 1 || !(node->op->flags & OC_OP_ELTWISE) || oc__node_is(node, "neg") || oc__node_is(node, "cast");
    if (with && ((sum && without) || (with > 1 && !sum) || !linear))
        return refuse(f, node, "it is not known how the mean over the batch goes through it");
    return true;
}

static bool is_weights_product(const finder *f, const oc_node *node) {
    return oc__node_is(node, "matmul") && oc__node_param(node, "trans_a", 0) && node->in[0]->shape.rank == 2 && node->in[1]->shape.rank == 2 &&
           f->roles->of[node->in[0]->id] == OC_ROLE_ROWS && f->roles->of[node->in[1]->id] == OC_ROLE_ROWS;
}

static bool has_no_rows(const oc_node *node) {
    for (int i = 0; i < node->out_count; i++)
        for (int k = 0; k < node->out[i]->shape.rank; k++)
            if (node->out[i]->shape.dims[k] < 0)
                return false;
    return true;
}

/* Sums and means over the rows. */
static bool find_share(finder *f, const oc_node *node) {
    bool mean, weights = node->op->direction && !strcmp(node->op->direction, "bwd_weights");
    if (!has_no_rows(node))
        return false;
    if (oc__node_is(node, "reduce_mean") && merge_means(f, node, &mean) && !mean) {
        give_all(f, node, OC_ROLE_SHARE, true);
        return true;
    }
    if (!weights && !is_weights_product(f, node) && !oc__node_is(node, "reduce_sum") && !oc__node_is(node, "sum_to_like"))
        return false;
    int means = 0;
    for (int i = 0; i < node->in_count; i++)
        means += node->in[i] && !oc__is_shape_only(node->op, node->op_in, i) && f->roles->mean[node->in[i]->id] && f->roles->of[node->in[i]->id] == OC_ROLE_ROWS;
    if (means > 1)
        return false;
    give_all(f, node, OC_ROLE_SHARE, means == 1);
    return true;
}

/* Batch normalization by each replica's own statistics; the running ones become the mean of theirs. */
static bool find_norm(finder *f, const oc_node *node) {
    if (oc__node_is(node, "batch_norm_train")) {
        give(f, node->out[0], OC_ROLE_ROWS, false);
        for (int i = 1; i < node->out_count; i++)
            give(f, node->out[i], i < 3 ? OC_ROLE_SHARE : OC_ROLE_LOCAL, i < 3);
        return true;
    }
    if (!oc__node_is(node, "batch_norm_bwd"))
        return false;
    bool mean = f->roles->mean[node->in[4]->id];
    give(f, node->out[0], OC_ROLE_ROWS, mean);
    for (int i = 1; i < node->out_count; i++)
        give(f, node->out[i], OC_ROLE_SHARE, mean);
    return true;
}

/* Shares become whole in every replica. */
static bool find_meeting(finder *f, const oc_node *node) {
    for (int i = 0; i < node->in_count; i++) {
        int32_t id = node->in[i]->id;
        if (f->roles->of[id] != OC_ROLE_SHARE || f->roles->mean[id] != (bool)oc__node_param(node, "mean", 0))
            return refuse(f, node, "its operands are no shares of sums, or weighted in another way");
    }
    give_all(f, node, OC_ROLE_LOCAL, false);
    return true;
}

static bool find_role(finder *f, const oc_node *node) {
    if (oc__node_is(node, "replica_sum"))
        return find_meeting(f, node);
    bool after = has_role(f, node, OC_ROLE_AFTER, OC_ROLE_SHARE), rows = has_role(f, node, OC_ROLE_ROWS, OC_ROLE_LOCAL), mean;
    if (after && rows)
        return refuse(f, node, "it needs single rows and a sum over all of them");
    if (after || !rows) {
        give_all(f, node, after ? OC_ROLE_AFTER : OC_ROLE_SAME, false);
        return true;
    }
    if (node->op->flags & OC_OP_RANDOM)
        return refuse(f, node, node->op->batch.why ? node->op->batch.why : "its numbers depend on the whole batch");
    if (!has_role(f, node, OC_ROLE_ROWS, OC_ROLE_ROWS)) {
        give_all(f, node, OC_ROLE_LOCAL, false);
        return true;
    }
    if (find_norm(f, node))
        return true;
    if (find_share(f, node))
        return true;
    if (!oc__batch_can_be_cut(node, f->batch, f->why) || !merge_means(f, node, &mean))
        return false;
    give_all(f, node, OC_ROLE_ROWS, mean);
    return true;
}

static bool end_is_fine(const finder *f, const oc_value *value, const char *what, const char *name, bool rows_too) {
    oc__role role = f->roles->of[value->id];
    if (role != OC_ROLE_LOCAL && (role != OC_ROLE_ROWS || rows_too) && (role != OC_ROLE_SHARE || value->dtype == OC_F32))
        return true;
    snprintf(f->why, OC_WHY, "%s %.80s depends on the whole batch in a way that parts of it do not give", what, name);
    return false;
}

static bool ends_are_fine(const finder *f) {
    for (size_t i = 0; i < f->graph->output_count; i++)
        if (!end_is_fine(f, f->graph->outputs[i].value, "output", f->graph->outputs[i].name, true))
            return false;
    for (size_t i = 0; i < f->graph->state_count; i++)
        if (f->graph->states[i]->update && !end_is_fine(f, f->graph->states[i]->update, "state", f->graph->states[i]->name, false))
            return false;
    return true;
}

bool oc__roles_find(oc__roles *roles, const oc_graph *graph, int64_t batch, oc__arena *arena, char why[OC_WHY]) {
    finder f = {roles, graph, batch, why};
    *roles = (oc__roles){oc__arena_alloc(arena, (graph->value_count + 1) * sizeof(*roles->of)), oc__arena_alloc(arena, graph->value_count + 1), false};
    snprintf(why, OC_WHY, "memory is exhausted");
    if (!roles->of || !roles->mean)
        return false;
    for (size_t i = 0; i < graph->input_count; i++) {
        const oc_shape *shape = &graph->inputs[i]->shape;
        if (shape->rank && shape->dims[0] == batch)
            give(&f, graph->inputs[i], OC_ROLE_ROWS, false);
    }
    for (size_t i = 0; i < graph->node_count; i++)
        if (!find_role(&f, graph->nodes[i]))
            return false;
    return ends_are_fine(&f);
}
