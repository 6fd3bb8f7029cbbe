/* SPDX-License-Identifier: Apache-2.0 */
/* How long a network takes until its first result: bench-starts MODEL.onnx [BATCH], a line of JSON (starts.py runs it). On the public
 * headers alone. Then a plan for another batch is made twice: once with what has to be built for it, once without. */
#include <ocelli/ocelli.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static oc_error err;

static void check(oc_status status) {
    if (status == OC_OK)
        return;
    fprintf(stderr, "%s\n", err.text);
    exit(1);
}

/* Milliseconds since the last call. */
static double lap(void) {
    static struct timespec last;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double ms = 1e3 * (double)(now.tv_sec - last.tv_sec) + 1e-6 * (double)(now.tv_nsec - last.tv_nsec);
    last = now;
    return ms;
}

static oc_plan *plan_for(const oc_graph *graph, oc_device *device, int64_t batch) {
    oc_plan *plan;
    const oc_plan_params params = {.default_dim = batch, .inference = true};
    check(oc_plan_create(&plan, graph, &device, 1, &params, &err));
    return plan;
}

/* An input or output of `info` in host memory, all zeros. */
static oc_binding binding(oc_context *context, const oc_value_info *info) {
    oc_binding result = {.name = info->name};
    check(oc_tensor_create(&result.tensor, context, NULL, info->dtype, &info->shape, &err));
    return result;
}

int main(int argc, char **argv) {
    oc_context *context;
    oc_device *device;
    oc_graph *graph;
    oc_exec *exec;
    if (argc < 2 || argc > 3)
        return fprintf(stderr, "usage: bench-starts MODEL.onnx [BATCH]\n"), 2;
    int64_t batch = argc > 2 ? atoll(argv[2]) : 2;
    lap();
    check(oc_context_create(&context, NULL, &err));
    check(oc_device_create(&device, context, "auto", &err));
    double opened = lap();
    check(oc_onnx_read(&graph, context, argv[1], &err));
    double read = lap();
    oc_plan *plan = plan_for(graph, device, 1);
    double planned = lap();
    check(oc_exec_create(&exec, plan, NULL, &err));
    double prepared = lap();
    const oc_value_info in_info = oc_plan_get_input(plan, 0), out_info = oc_plan_get_output(plan, 0);
    oc_binding in = binding(context, &in_info), out = binding(context, &out_info);
    lap();
    check(oc_exec_run(exec, &in, 1, &out, 1, &err));
    double first = lap();
    check(oc_exec_run(exec, &in, 1, &out, 1, &err));
    double second = lap();
    oc_plan *other = plan_for(graph, device, batch);
    double built = lap();
    oc_plan_destroy(&other);
    lap();
    other = plan_for(graph, device, batch);
    double again = lap();
    const oc_plan_info info = oc_plan_get_info(plan);
    printf("{\"open_ms\": %.1f, \"read_ms\": %.1f, \"plan_ms\": %.1f, \"exec_ms\": %.1f, \"first_ms\": %.1f, \"second_ms\": %.1f, "
           "\"built_ms\": %.1f, \"again_ms\": %.2f, \"programs\": %zu, \"steps\": %zu, \"arena\": %llu, \"liveness\": %llu}\n",
           opened, read, planned, prepared, first, second, built, again, (size_t)info.program_count, (size_t)info.step_count,
           (unsigned long long)info.arena_bytes, (unsigned long long)info.liveness_bytes);
    oc_tensor_destroy(&in.tensor);
    oc_tensor_destroy(&out.tensor);
    oc_exec_destroy(&exec);
    oc_plan_destroy(&other);
    oc_plan_destroy(&plan);
    oc_graph_destroy(&graph);
    oc_device_destroy(&device);
    oc_context_destroy(&context);
    return 0;
}
