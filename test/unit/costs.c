/* SPDX-License-Identifier: Apache-2.0 */
/* What a placement expects of nodes that a plan joins: concats without copies, depthwise convolutions in the 1x1 behind them. */
#include <ocelli/ocelli.h>

#include "graph/graph.h"
#include "kit/kit.h"
#include "op/tune.h"
#include "plan/plan.h"
#include "sched/machine.h"

static oc_error err;

static oc_graph *make_graph(kit *k) {
    oc_graph *graph = NULL;
    KIT_OK(oc_graph_create(&graph, k->context, &err), &err);
    return graph;
}

/* The seconds of a value's maker, as the device's history now has it. */
static double cost_of(kit *k, const oc_graph *graph, const oc_value *value) {
    oc__machine machine = {0};
    oc__costs_table costs;
    int *uses = oc__use_counts(graph);
    KIT_OK(oc__machine_of_devices(&machine, &k->device, 1, false, &err), &err);
    KIT_OK(oc__costs_init(&costs, k->context, &machine, &err), &err);
    const double *seconds = oc__costs_of(&costs, value->producer, uses);
    assert_non_null(seconds);
    double found = seconds[0];
    assert_ptr_equal(oc__costs_of(&costs, value->producer, uses), seconds);
    oc__costs_finish(&costs);
    oc__machine_finish(&machine);
    oc__free(k->context, uses);
    return found;
}

static void remember(kit *k, const oc_node *node, double seconds) {
    oc__desc descs[4];
    oc__problem problem;
    oc__string key;
    oc__node_problem(node, descs, &problem);
    oc__string_init(&key, k->context);
    oc__find_key(&problem, &key);
    oc__cost cost = oc__problem_cost(&problem);
    oc__history_add(k->device, key.text, seconds, seconds / 2, &cost, "concat.runs");
    oc__string_finish(&key);
}

static void test_concat(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    kit_open(&k);
    oc_graph *graph = make_graph(&k);
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(1, 16, 8, 8), &err);
    oc_value *odd = oc_graph_input(graph, "odd", OC_F32, &OC_SHAPE(1, 3), &err);
    oc_value *parts[] = {oc_relu(graph, x, &err), oc_tanh(graph, x, &err)}, *given[] = {x, parts[0]};
    oc_value *odds[] = {oc_relu(graph, odd, &err), oc_tanh(graph, odd, &err)};
    oc_value *free_one = oc_concat(graph, parts, 2, 1, &err), *copied = oc_concat(graph, given, 2, 1, &err);
    oc_value *crooked = oc_concat(graph, odds, 2, 1, &err), *deep = oc_concat(graph, parts, 2, 2, &err);
    assert_non_null(deep);
    assert_true(cost_of(&k, graph, free_one) == 0);
    assert_true(cost_of(&k, graph, copied) > 0);  /* an input lies where the caller put it */
    assert_true(cost_of(&k, graph, crooked) > 0); /* a part begins at any byte */
    assert_true(cost_of(&k, graph, deep) > 0);    /* channels lie before the axis */
    remember(&k, deep->producer, 1.25);
    assert_true(cost_of(&k, graph, deep) == 1.25 && cost_of(&k, graph, free_one) == 0);
    remember(&k, free_one->producer, 2.5); /* it is copied after all */
    assert_true(cost_of(&k, graph, free_one) == 2.5);
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

static size_t count_nodes(const oc_plan *plan, const char *op) {
    size_t count = 0;
    for (size_t i = 0; i < plan->graph->node_count; i++)
        count += oc__node_is(plan->graph->nodes[i], op);
    return count;
}

static size_t joined_in(kit *k, const oc_graph *graph, oc_plan_params params) {
    oc_plan *plan = NULL;
    params.policy = params.forecast ? "single" : NULL;
    KIT_OK(oc_plan_create(&plan, graph, &k->device, 1, &params, &err), &err);
    size_t count = count_nodes(plan, "conv2d_separable");
    assert_int_equal(count_nodes(plan, "conv2d"), count ? 0 : 2);
    oc_plan_destroy(&plan);
    return count;
}

/* A forecast has the nodes that the plan would have; where devices are named by node, all of them stay. */
static void test_separable(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    kit_open(&k);
    oc_graph *graph = make_graph(&k);
    const oc_conv_params depthwise = {.pad_begin = {1, 1}, .pad_end = {1, 1}, .groups = 96};
    const oc_pin pin = {.pattern = "*", .device = 0};
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(1, 96, 56, 56), &err);
    oc_value *taps = oc_graph_state(graph, "taps", OC_F32, &OC_SHAPE(96, 1, 3, 3), NULL, &err);
    oc_value *mix = oc_graph_state(graph, "mix", OC_F32, &OC_SHAPE(32, 96, 1, 1), NULL, &err);
    oc_value *y = oc_conv2d(graph, oc_relu(graph, oc_conv2d(graph, x, taps, NULL, &depthwise, &err), &err), mix, NULL, NULL, &err);
    KIT_OK(oc_graph_output(graph, "y", y, &err), &err);
    size_t joined = joined_in(&k, graph, (oc_plan_params){0});
    assert_int_equal(joined_in(&k, graph, (oc_plan_params){.forecast = true}), joined);
    assert_int_equal(joined_in(&k, graph, (oc_plan_params){.forecast = true, .pins = &pin, .pin_count = 1}), 0);
    oc_graph_destroy(&graph);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_concat), cmocka_unit_test(test_separable)};
    return cmocka_run_group_tests_name("costs", tests, NULL, NULL);
}
