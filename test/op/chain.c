/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "kit/optest.h"

#include "graph/graph.h"
#include "op/eltwise/chain.h"

/* x, y, one element: (x * one + y) * sigmoid of that; and a chain of one step. */
static void add_problem(char *to, size_t size, const char *shapes, bool short_one) {
    const oc__op *fn[4] = {&oc__op_mul, &oc__op_add, &oc__op_sigmoid, &oc__op_mul};
    if (short_one)
        snprintf(to, size, "chain:%s:count=1,fn=%d,x=0,y=1", shapes, oc__chain_code(&oc__op_sub));
    else
        snprintf(to, size, "chain:%s:count=4,fn=%d/%d/%d/%d,x=0/3/4/5,y=2/1/0/4", shapes, oc__chain_code(fn[0]), oc__chain_code(fn[1]),
                 oc__chain_code(fn[2]), oc__chain_code(fn[3]));
}

static void test_solvers(void **state) {
    (void)state;
    static const char *const shapes[] = {"2x5x3x7,2x5x3x7,1", "1,1,1", "33000,33000,1", "0x4,0x4,1", "2x48x9x5,2x48x9x5,1x1x1x1",
                                         "3x20x6x6,3x20x6x6,1", "1x1x1,1x1x1,1", "2x19,2x19,1"};
    for (size_t i = 0; i < OC_COUNT(shapes); i++)
        for (int one = 0; one < 2; one++) {
            char text[300];
            add_problem(text, sizeof(text), shapes[i], one);
            const optest_case c = {text, NULL, 0, 1e-5};
            optest_run_all(&c, 1);
        }
}

/* On blocked layouts the lanes beyond the last channel stay zero, though sigmoid(0) is not. */
static void test_blocked(void **state) {
    (void)state;
    static const char *const layouts[] = {"aBcd16b,aBcd16b,a>aBcd16b", "aBcd8b,aBcd8b,a>aBcd8b"};
    for (int i = 0; i < 2; i++) {
        char text[300], problem[400];
        add_problem(text, sizeof(text), "2x20x5x3,2x20x5x3,1", false);
        snprintf(problem, sizeof(problem), "%s;lay=%s", text, layouts[i]);
        const optest_case c = {problem, NULL, 0, 1e-5};
        optest_run_all(&c, 1);
    }
}

static void test_refused(void **state) {
    (void)state;
    static const struct {
        int32_t count, fn, x, y;
        const char *says;
    } wrong[] = {{0, -1, 0, 0, "1 to 12 steps"}, {13, -1, 0, 0, "1 to 12 steps"}, {1, 5, 0, 0, "is no function"},
                 {1, -1, 2, 0, "not there yet"}, {1, -1, 0, -1, "not there yet"}};
    oc_error err = {0};
    kit k;
    kit_init(&k, NULL);
    for (size_t i = 0; i < OC_COUNT(wrong); i++) {
        oc_graph *graph;
        KIT_OK(oc_graph_create(&graph, k.context, &err), &err);
        oc_value *in[2] = {oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(2, 3), &err), oc_graph_input(graph, "y", OC_F32, &OC_SHAPE(2, 3), &err)};
        oc__chain_params params = {.count = wrong[i].count, .fn = {wrong[i].fn < 0 ? oc__chain_code(&oc__op_add) : wrong[i].fn},
                                   .x = {wrong[i].x}, .y = {wrong[i].y}};
        assert_null(oc__graph_node1(graph, &oc__op_chain, &params, in, 2, &err));
        KIT_FAILS(OC_ERROR_SHAPE, wrong[i].says, oc_graph_check(graph, &err), &err);
        oc_graph_destroy(&graph);
    }
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_solvers), cmocka_unit_test(test_blocked), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
