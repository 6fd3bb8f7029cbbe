/* SPDX-License-Identifier: Apache-2.0 */
/* One network over several devices: every policy gives the numbers of one device; pins, streams, faults, refusals. */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit/several.h"

static oc_error err;

static oc_plan *make_plan(several *f, oc_plan_params params, size_t devices) {
    oc_plan *plan = NULL;
    const oc_dim_binding n = {"N", BATCH};
    params.dims = &n;
    params.dim_count = 1;
    KIT_OK(oc_plan_create(&plan, f->graph, f->devices, devices, &params, &err), &err);
    return plan;
}

static oc_exec *run_plan(several *f, const oc_plan *plan, oc_state *state) {
    oc_exec *exec = NULL;
    const oc_binding in = {"image", f->image}, out = {"y", f->got};
    KIT_OK(oc_exec_create(&exec, plan, state, &err), &err);
    for (int i = 0; i < 2; i++) {
        KIT_OK(oc_exec_run(exec, &in, i == 0, &out, 1, &err), &err); /* the input stays */
        several_check(f);
    }
    return exec;
}

static size_t devices_used(const oc_plan *plan) {
    bool used[3] = {false};
    for (size_t i = 0; i < oc_plan_get_forecast(plan).part_count; i++)
        used[oc_plan_get_part(plan, i).device] = true;
    return (size_t)used[0] + used[1] + used[2];
}

static void test_policies(void **state) {
    (void)state;
    several f;
    static const char *const policies[] = {"single", "heft", "split", "pipeline", "auto", NULL};
    several_set_up(&f);
    for (size_t p = 0; p < 6; p++)
        for (size_t devices = 2; devices <= 3; devices++) {
            oc_plan *plan = make_plan(&f, (oc_plan_params){.policy = policies[p]}, devices);
            oc_plan_forecast forecast = oc_plan_get_forecast(plan);
            assert_true(forecast.predicted_seconds > 0 && forecast.bound_seconds > 0 && forecast.device_count == devices);
            if (policies[p] && !strcmp(policies[p], "split"))
                assert_int_equal(devices_used(plan), devices);
            oc_exec *exec = run_plan(&f, plan, NULL);
            oc_plan_destroy(&plan);
            oc_exec_destroy(&exec);
        }
    several_tear_down(&f);
}

/* Each device halves the weights of its part: the numbers are near, and the epilogues are all there. */
static void test_half_weights(void **state) {
    (void)state;
    several f;
    several_set_up(&f);
    const float *got = oc_tensor_get_data(f.got), *wanted = oc_tensor_get_data(f.wanted);
    for (int way = 0; way < 2; way++) {
        oc_exec *exec = NULL;
        oc_plan *plan = make_plan(&f, (oc_plan_params){.policy = way ? "heft" : "split", .half_weights = true}, 2);
        KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
        KIT_OK(oc_exec_run(exec, &(oc_binding){"image", f.image}, 1, &(oc_binding){"y", f.got}, 1, &err), &err);
        for (int i = 0; i < BATCH * OUT; i++)
            assert_true(fabsf(got[i] - wanted[i]) <= 5e-3f * (1 + fabsf(wanted[i])));
        oc_plan_destroy(&plan);
        oc_exec_destroy(&exec);
    }
    several_tear_down(&f);
}

static void test_pins(void **state) {
    (void)state;
    several f;
    const oc_pin pins[] = {{"*", 0}, {"left*", 1}, {"right", 2}, {"op:softmax", 2}};
    several_set_up(&f);
    oc_plan *plan = make_plan(&f, (oc_plan_params){.policy = "pinned", .pins = pins, .pin_count = 4}, 3);
    const oc_placement *p = oc_plan_get_placement(plan);
    assert_int_equal(p->device_of[oc_plan_find_group(plan, "left2")], 1);
    assert_int_equal(p->device_of[oc_plan_find_group(plan, "right")], 2);
    assert_int_equal(p->device_of[oc_plan_find_group(plan, "stem")], 0);
    assert_int_equal(oc_plan_find_group(plan, "nothing"), -1);
    assert_int_equal(devices_used(plan), 3);
    assert_true(oc_plan_get_forecast(plan).transfer_bytes > 0);
    oc_exec *exec = run_plan(&f, plan, NULL);
    oc_exec_destroy(&exec);
    oc_plan_destroy(&plan);
    several_tear_down(&f);
}

static oc_status every_other(const oc_policy *policy, oc_placement *p, oc_error *error) {
    (void)error;
    for (size_t g = 0; g < p->group_count; g++)
        p->device_of[g] = (int32_t)((g + *(const size_t *)policy->user) % p->device_count);
    return OC_OK;
}

static oc_status backwards(const oc_policy *policy, oc_placement *p, oc_error *error) {
    (void)policy;
    (void)error;
    for (size_t g = 0; g < p->group_count; g++)
        p->order[g] = (int32_t)(p->group_count - 1 - g);
    return OC_OK;
}

static oc_status nowhere(const oc_policy *policy, oc_placement *p, oc_error *error) {
    (void)policy;
    (void)error;
    p->device_of[0] = 7;
    return OC_OK;
}

static void test_own_policy(void **state) {
    (void)state;
    several f;
    size_t first = 1;
    const oc_policy good = {"every-other", every_other, &first}, bad = {"backwards", backwards, NULL}, worse = {"nowhere", nowhere, NULL};
    const oc_dim_binding n = {"N", BATCH};
    several_set_up(&f);
    oc_plan *plan = make_plan(&f, (oc_plan_params){.placer = &good}, 3);
    assert_string_equal(oc_plan_get_forecast(plan).policy, "every-other");
    assert_int_equal(devices_used(plan), 3);
    oc_exec *exec = run_plan(&f, plan, NULL);
    oc_exec_destroy(&exec);
    oc_plan_destroy(&plan);
    oc_plan_params params = {.dims = &n, .dim_count = 1, .placer = &bad};
    KIT_FAILS(OC_ERROR_INVALID, "before what it needs", oc_plan_create(&plan, f.graph, f.devices, 2, &params, &err), &err);
    params.placer = &worse;
    KIT_FAILS(OC_ERROR_INVALID, "on device 7; there are 2", oc_plan_create(&plan, f.graph, f.devices, 2, &params, &err), &err);
    several_tear_down(&f);
}

/* A state of the caller's is used on all devices, also after he changes it. */
static void test_state(void **state) {
    (void)state;
    several f;
    oc_state *own = NULL;
    oc_tensor *fc = NULL;
    several_set_up(&f);
    KIT_OK(oc_state_create(&own, f.devices[0], f.graph, 0, &err), &err);
    oc_plan *plan = make_plan(&f, (oc_plan_params){.policy = "split"}, 3);
    oc_exec *exec = run_plan(&f, plan, own);
    KIT_OK(oc_tensor_create(&fc, f.k.context, NULL, OC_F32, &OC_SHAPE(16 * 64, OUT), &err), &err);
    KIT_OK(oc_state_write(own, "fc", fc, &err), &err); /* zeros: all classes alike */
    KIT_OK(oc_exec_run(exec, NULL, 0, &(oc_binding){"y", f.got}, 1, &err), &err);
    for (int i = 0; i < BATCH * OUT; i++)
        assert_true(fabsf(((const float *)oc_tensor_get_data(f.got))[i] - 0.1f) < 1e-6f);
    oc_exec_destroy(&exec);
    oc_plan_destroy(&plan);
    oc_state_destroy(&own);
    oc_tensor_destroy(&fc);
    several_tear_down(&f);
}

/* Several runs in flight. */
static void test_stream(void **state) {
    (void)state;
    several f;
    oc_exec *execs[3] = {NULL};
    oc_tensor *outs[3] = {NULL};
    oc_event *events[3] = {NULL};
    several_set_up(&f);
    oc_plan *plan = make_plan(&f, (oc_plan_params){.policy = "pipeline"}, 3);
    for (int i = 0; i < 3; i++) {
        KIT_OK(oc_exec_create(&execs[i], plan, NULL, &err), &err);
        KIT_OK(oc_tensor_create(&outs[i], f.k.context, NULL, OC_F32, &OC_SHAPE(BATCH, OUT), &err), &err);
    }
    for (int i = 0; i < 12; i++) {
        oc_event **event = i % 2 ? &events[i % 3] : NULL;
        if (i >= 3) {
            KIT_OK(oc_event_wait(events[i % 3], &err), &err);
            oc_event_destroy(&events[i % 3]);
            KIT_OK(oc_exec_wait(execs[i % 3], &err), &err);
            memcpy(oc_tensor_get_data(f.got), oc_tensor_get_data(outs[i % 3]), sizeof(float) * BATCH * OUT);
            several_check(&f);
        }
        KIT_OK(oc_exec_enqueue(execs[i % 3], &(oc_binding){"image", f.image}, 1, &(oc_binding){"y", outs[i % 3]}, 1, NULL, 0, event, &err), &err);
    }
    for (int i = 0; i < 3; i++) {
        oc_event_destroy(&events[i]);
        oc_exec_destroy(&execs[i]); /* waits */
        memcpy(oc_tensor_get_data(f.got), oc_tensor_get_data(outs[i]), sizeof(float) * BATCH * OUT);
        several_check(&f);
        oc_tensor_destroy(&outs[i]);
    }
    oc_plan_destroy(&plan);
    several_tear_down(&f);
}

typedef struct caller {
    const several *f;
    const oc_plan *plan;
    oc_tensor *got;
    pthread_t thread;
    oc_status status;
} caller;

static void *call(void *user) {
    caller *c = user;
    oc_exec *exec = NULL;
    oc_error own;
    c->status = oc_exec_create(&exec, c->plan, NULL, &own);
    for (int i = 0; i < 8 && c->status == OC_OK; i++)
        c->status = oc_exec_run(exec, &(oc_binding){"image", c->f->image}, 1, &(oc_binding){"y", c->got}, 1, &own);
    oc_exec_destroy(&exec);
    return NULL;
}

/* Runs of several threads share a plan's workers, whose work a waiting thread may do. */
static void test_callers(void **state) {
    (void)state;
    several f;
    static const char *const policies[] = {"split", "pipeline", "heft"};
    caller callers[3] = {{0}};
    several_set_up(&f);
    for (int p = 0; p < 3; p++) {
        oc_plan *plan = make_plan(&f, (oc_plan_params){.policy = policies[p]}, 3);
        for (int i = 0; i < 3; i++) {
            callers[i] = (caller){.f = &f, .plan = plan};
            KIT_OK(oc_tensor_create(&callers[i].got, f.k.context, NULL, OC_F32, &OC_SHAPE(BATCH, OUT), &err), &err);
            assert_int_equal(pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
        }
        for (int i = 0; i < 3; i++) {
            assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
            assert_int_equal(callers[i].status, OC_OK);
            memcpy(oc_tensor_get_data(f.got), oc_tensor_get_data(callers[i].got), sizeof(float) * BATCH * OUT);
            several_check(&f);
            oc_tensor_destroy(&callers[i].got);
        }
        oc_plan_destroy(&plan);
    }
    several_tear_down(&f);
}

static void test_refusals(void **state) {
    (void)state;
    several f;
    oc_plan *plan = NULL;
    oc_graph *fixed;
    const oc_dim_binding n = {"N", BATCH};
    const oc_pin wrong[] = {{"nobody*", 0}}, far[] = {{"*", 5}};
    several_set_up(&f);
    oc_plan_params p = {.dims = &n, .dim_count = 1, .policy = "pinned", .pins = wrong, .pin_count = 1};
    KIT_FAILS(OC_ERROR_NOT_FOUND, "nobody*", oc_plan_create(&plan, f.graph, f.devices, 2, &p, &err), &err);
    p.pins = far;
    KIT_FAILS(OC_ERROR_INVALID, "device 5 of 2", oc_plan_create(&plan, f.graph, f.devices, 2, &p, &err), &err);
    oc_value *mixed = oc_softmax(f.graph, oc_graph_find(f.graph, "image"), 0, &err);
    KIT_OK(oc_graph_output(f.graph, "mixed", mixed, &err), &err);
    p = (oc_plan_params){.dims = &n, .dim_count = 1, .policy = "split"};
    KIT_FAILS(OC_ERROR_UNSUPPORTED, "softmax: its axis may be the batch", oc_plan_create(&plan, f.graph, f.devices, 2, &p, &err), &err);
    fixed = several_network(&f.k, BATCH); /* a batch built into the input is cut all the same */
    KIT_OK(oc_plan_create(&plan, fixed, f.devices, 2, &(oc_plan_params){.policy = "split"}, &err), &err);
    assert_int_equal(oc_plan_get_share(plan, 0) + oc_plan_get_share(plan, 1), BATCH);
    oc_plan_destroy(&plan);
    oc_graph_destroy(&fixed);
    oc_exec *exec = NULL;
    KIT_OK(oc_plan_create(&plan, f.graph, f.devices, 2, &(oc_plan_params){.dims = &n, .dim_count = 1, .forecast = true, .policy = "heft"}, &err),
           &err);
    KIT_FAILS(OC_ERROR_INVALID, "forecast", oc_exec_create(&exec, plan, NULL, &err), &err);
    oc_plan_destroy(&plan);
    several_tear_down(&f);
}

/* Wherever the device fails, the run is repeated on the others: with an input of an earlier run, or with one that comes with it. */
static void test_failing_device(void **state) {
    (void)state;
    several f;
    static const char *const policies[] = {"split", "pipeline", "single"};
    oc_tensor *other = NULL;
    several_set_up(&f);
    KIT_OK(oc_tensor_create(&other, f.k.context, NULL, OC_F32, oc_tensor_get_shape(f.image), &err), &err);
    for (int p = 0; p < 6; p++)
        for (int after = 0; after < 7; after += 3) {
            oc_exec *exec = NULL;
            oc_plan *plan = make_plan(&f, (oc_plan_params){.policy = policies[p / 2]}, 3);
            oc_binding in = {"image", p % 2 ? other : f.image}, out = {"y", f.got};
            KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
            KIT_OK(oc_exec_run(exec, &in, 1, &out, 1, &err), &err);
            in.tensor = f.image;
            kit_log_clear(&f.k);
            several_break(&f, (int)oc_plan_get_part(plan, 0).device, after, 0);
            for (int i = 0; i < 3; i++) {
                KIT_OK(oc_exec_run(exec, &in, p % 2 && i == 0, &out, 1, &err), &err);
                several_check(&f);
            }
            several_mend(&f);
            if (several_was_broken())
                assert_true(kit_logged(&f.k, "has failed and is left out"));
            oc_exec_destroy(&exec);
            oc_plan_destroy(&plan);
        }
    oc_tensor_destroy(&other);
    several_tear_down(&f);
}

/* No device is left: the error says which and why, and outputs are as they were. */
static void test_all_fail(void **state) {
    (void)state;
    several f;
    several_set_up(&f);
    oc_plan *plan = make_plan(&f, (oc_plan_params){.policy = "split"}, 2);
    oc_exec *exec = run_plan(&f, plan, NULL);
    float *got = oc_tensor_get_data(f.got);
    got[0] = 42;
    several_break(&f, SEVERAL_ALL, 0, 0);
    KIT_FAILS(OC_ERROR_DEVICE_MEMORY, "CL_OUT_OF_RESOURCES", oc_exec_run(exec, NULL, 0, &(oc_binding){"y", f.got}, 1, &err), &err);
    assert_non_null(strstr(err.text, "device "));
    assert_true(got[0] == 42);
    several_mend(&f);
    oc_exec_destroy(&exec);
    oc_plan_destroy(&plan);
    several_tear_down(&f);
}

static several f; /* what the lost device holds is never freed, nor is what it hangs on */

static void test_slow_device(void **state) {
    (void)state;
    several_set_up(&f);
    oc_exec *exec = NULL;
    oc_plan *plan = make_plan(&f, (oc_plan_params){.policy = "split", .wait_limit = 0.8}, 2);
    KIT_OK(oc_exec_create(&exec, plan, NULL, &err), &err);
    KIT_OK(oc_exec_run(exec, &(oc_binding){"image", f.image}, 1, &(oc_binding){"y", f.got}, 1, &err), &err);
    several_check(&f);
    several_break(&f, 1, 2, 2500);
    KIT_OK(oc_exec_run(exec, NULL, 0, &(oc_binding){"y", f.got}, 1, &err), &err);
    several_check(&f);
    assert_true(kit_logged(&f.k, "within 0.8 s"));
    if (!kit_logged(&f.k, "device 1"))
        fail_msg("%s", f.k.log);
    KIT_OK(oc_exec_run(exec, NULL, 0, &(oc_binding){"y", f.got}, 1, &err), &err);
    several_check(&f);
    several_mend(&f);
    usleep(3000 * 1000); /* the lost thread comes home: what it touches is still there */
    oc_exec_destroy(&exec);
    oc_plan_destroy(&plan);
}

/* A child of the process gets a status, and can let go of what it has. */
static void test_fork(void **state) {
    (void)state;
    several f;
    several_set_up(&f);
    oc_plan *plan = make_plan(&f, (oc_plan_params){.policy = "split"}, 2);
    oc_exec *exec = run_plan(&f, plan, NULL);
    pid_t child = fork();
    if (child == 0) {
        oc_status got = oc_exec_run(exec, NULL, 0, &(oc_binding){"y", f.got}, 1, NULL);
        oc_exec_destroy(&exec);
        oc_plan_destroy(&plan);
        _exit(got == OC_ERROR_FORKED ? 0 : 1);
    }
    int code = -1;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_int_equal(code, 0);
    oc_exec_destroy(&exec);
    oc_plan_destroy(&plan);
    several_tear_down(&f);
}

int main(void) {
    setenv("POCL_DEVICES", "basic basic basic", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_half_weights),
        cmocka_unit_test(test_policies), cmocka_unit_test(test_pins),     cmocka_unit_test(test_own_policy),     cmocka_unit_test(test_state),
        cmocka_unit_test(test_stream),   cmocka_unit_test(test_callers),  cmocka_unit_test(test_refusals),       cmocka_unit_test(test_fork),
        cmocka_unit_test(test_failing_device), cmocka_unit_test(test_all_fail), cmocka_unit_test(test_slow_device)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
