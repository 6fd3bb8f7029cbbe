/* SPDX-License-Identifier: Apache-2.0 */
/* Policies on random graphs: against the optimum, the bound, and the best single device; limits of memory; machine files. */
#include "kit/kit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/dag.h"
#include "sched/machine.h"

static oc_error err;
static const double ratios[] = {0.1, 1, 10};

static double placed(kit_dag *dag, const char *policy) {
    const oc_policy *p = oc_policy_find(policy);
    assert_non_null(p);
    KIT_OK(p->place(p, &dag->placement, &err), &err);
    return oc_placement_predict(&dag->placement, NULL, NULL);
}

static void check_order(const oc_placement *p) {
    int32_t at[600];
    memset(at, -1, sizeof(at));
    for (size_t i = 0; i < p->group_count; i++) {
        assert_int_equal(at[p->order[i]], -1);
        at[p->order[i]] = (int32_t)i;
    }
    for (size_t e = 0; e < p->edge_count; e++)
        assert_true(at[p->edges[e].from] < at[p->edges[e].to]);
}

static void test_heft_small(void **state) {
    (void)state;
    double sum = 0;
    int count = 0;
    for (int r = 0; r < 3; r++)
        for (uint64_t seed = 0; seed < 40; seed++) {
            kit_dag dag;
            kit_dag_init(&dag, 3 + seed % 6, 2 + seed % 3, ratios[r], seed);
            double heft = placed(&dag, "heft"), optimum = kit_dag_optimum(&dag.placement), bound = oc_placement_bound(&dag.placement);
            check_order(&dag.placement);
            assert_true(heft >= optimum * (1 - 1e-9));
            assert_true(bound <= optimum * (1 + 1e-9));
            assert_true(heft <= placed(&dag, "single") * (1 + 1e-9));
            sum += heft / optimum;
            count++;
            kit_dag_finish(&dag);
        }
    if (sum / count > 1.05)
        fail_msg("heft takes %.3f times the optimum on average", sum / count);
}

static void test_heft_large(void **state) {
    (void)state;
    double sum = 0;
    for (uint64_t seed = 0; seed < 6; seed++) {
        kit_dag dag;
        kit_dag_init(&dag, seed % 2 ? 500 : 50, 2 + seed % 3, 0.1, 77 + seed);
        double heft = placed(&dag, "heft");
        check_order(&dag.placement);
        sum += heft / oc_placement_bound(&dag.placement);
        assert_true(heft <= placed(&dag, "single") * (1 + 1e-9));
        kit_dag_finish(&dag);
    }
    if (sum / 6 > 1.15)
        fail_msg("heft takes %.3f times the bound on average", sum / 6);
}

static void test_heft_again(void **state) {
    (void)state;
    kit_dag a, b;
    kit_dag_init(&a, 60, 3, 1, 5);
    kit_dag_init(&b, 60, 3, 1, 5);
    (void)placed(&a, "heft");
    (void)placed(&b, "heft");
    assert_memory_equal(a.placement.device_of, b.placement.device_of, 60 * sizeof(int32_t));
    assert_memory_equal(a.placement.order, b.placement.order, 60 * sizeof(int32_t));
    kit_dag_finish(&a);
    kit_dag_finish(&b);
}

/* All cuts of a chain into two stages, either device first. */
static double best_two_stages(const oc_placement *p) {
    double best = INFINITY;
    for (size_t cut = 0; cut <= p->group_count; cut++)
        for (int first = 0; first < 2; first++) {
            for (size_t g = 0; g < p->group_count; g++)
                p->device_of[g] = g < cut ? first : 1 - first;
            best = fmin(best, oc_placement_interval(p));
        }
    return best;
}

static void test_pipeline(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        kit_dag dag;
        kit_dag_init(&dag, 20, 2, 0.3, 300 + seed);
        (void)placed(&dag, "pipeline");
        double got = oc_placement_interval(&dag.placement), best = best_two_stages(&dag.placement);
        if (got > best * 1.1) /* the table knows the mean link only, and one latency a cut */
            fail_msg("seed %d: an interval of %g, %g is possible", (int)seed, got, best);
        kit_dag_finish(&dag);
    }
}

static void test_impossible(void **state) {
    (void)state;
    kit_dag dag;
    const char *const names[] = {"single", "heft", "pipeline"};
    kit_dag_init(&dag, 12, 3, 0.1, 9);
    for (size_t g = 0; g < 12; g++) /* every third group only on device 2, none on 0 */
        for (size_t d = 0; d < 3; d++)
            if (d == 0 || (d == 1 && g % 3 == 0))
                dag.seconds[g * 3 + d] = INFINITY;
    for (int i = 0; i < 3; i++) {
        double seconds = placed(&dag, names[i]);
        assert_true(isfinite(seconds));
    }
    for (size_t d = 0; d < 3; d++)
        dag.seconds[5 * 3 + d] = INFINITY;
    for (int i = 0; i < 3; i++) {
        const oc_policy *p = oc_policy_find(names[i]);
        assert_int_equal(p->place(p, &dag.placement, &err), OC_ERROR_UNSUPPORTED);
        assert_true(strlen(err.text) > 20);
    }
    kit_dag_finish(&dag);
}

static void test_memory(void **state) {
    (void)state;
    kit_dag dag;
    uint64_t memory[30], capacity[2] = {20 * 100, 12 * 100};
    kit_dag_init(&dag, 30, 2, 0.01, 4);
    for (int i = 0; i < 30; i++) {
        memory[i] = 100;
        dag.seconds[i * 2 + 1] = dag.seconds[i * 2] / 10; /* all would rather go to device 1 */
    }
    dag.placement.memory = memory;
    dag.placement.capacity = capacity;
    assert_true(isfinite(placed(&dag, "heft")));
    int on[2] = {0};
    for (int i = 0; i < 30; i++)
        on[dag.placement.device_of[i]]++;
    assert_true(on[1] <= 12 && on[0] <= 20);
    capacity[0] = 1000;
    const oc_policy *p = oc_policy_find("heft");
    assert_int_equal(p->place(p, &dag.placement, &err), OC_ERROR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "memory"));
    kit_dag_finish(&dag);
}

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_machine(void **state) {
    (void)state;
    kit k;
    oc__machine m;
    kit_init(&k, NULL);
    char path[300];
    snprintf(path, sizeof(path), "%s", kit_path(&k, "machine"));
    write_text(path, "# two\ndevice cpu flops=200G bytes=30G memory=16G host=10G/1u\ndevice gpu x 2 flops=10T bytes=0.5T launch=6u\n"
                     "link gpu gpu rate=50G latency=3u\n");
    KIT_OK(oc__machine_read(&m, k.context, path, &err), &err);
    assert_int_equal(m.device_count, 3);
    assert_string_equal(m.speeds[2].name, "gpu1");
    assert_true(m.speeds[1].flops == 10e12 && m.speeds[0].memory == 16000000000u);
    assert_true(fabs(m.rate[1 * 3 + 2] - 50e9) < 1 && fabs(m.latency[2 * 3 + 1] - 3e-6) < 1e-12 && m.latency[4] == 0);
    assert_true(m.rate[1] < 10e9);
    oc__machine_finish(&m);
    static const char *const wrong[][2] = {
        {"", "no device"}, {"device cpu flops=1G\n", "needs flops= and bytes="}, {"device a flops=1G bytes=1G\ndevice b speed=1\n", "line 2"},
        {"host x\n", "begins with"}, {"device a flops=-1 bytes=1G\n", "above 0"}, {"device a x 9000 flops=1G bytes=1G\n", "4096"},
        {"device a flops=1G bytes=1G\nlink a b rate=1G\n", "described before"}, {"device a x 1.5 flops=1G bytes=1G\n", "whole number"},
        {"device\n", "needs a name"}, {"device a flops=1G bytes=1G\nlink a a latency=1\n", "needs rate="}};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        write_text(path, wrong[i][0]);
        KIT_FAILS(OC_ERROR_FORMAT, wrong[i][1], oc__machine_read(&m, k.context, path, &err), &err);
    }
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_heft_small), cmocka_unit_test(test_heft_large), cmocka_unit_test(test_heft_again),
                                       cmocka_unit_test(test_pipeline),   cmocka_unit_test(test_impossible), cmocka_unit_test(test_memory),
                                       cmocka_unit_test(test_machine)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
