/* SPDX-License-Identifier: Apache-2.0 */
/* A placement policy of one's own: groups in turns, but only where a device takes no more than twice as long as the best. */
#include <math.h>
#include <ocelli/ocelli.h>
#include <stdio.h>

#define TRY(call) if ((call) != OC_OK) return fprintf(stderr, "%s\n", err.text), 1

static oc_status take_turns(const oc_policy *policy, oc_placement *p, oc_error *err) {
    const double *most = policy->user;
    size_t turn = 0;
    (void)err;
    for (size_t g = 0; g < p->group_count; g++) {
        const double *seconds = p->seconds + g * p->device_count;
        double best = INFINITY;
        for (size_t d = 0; d < p->device_count; d++)
            best = fmin(best, seconds[d]);
        while (!(seconds[turn % p->device_count] <= best * *most))
            turn++;
        p->device_of[g] = (int32_t)(turn++ % p->device_count);
    }
    return OC_OK; /* `order` stays as it came: a topological one */
}

int main(int argc, char **argv) {
    oc_error err = {0};
    oc_context *context;
    oc_device *devices[8];
    oc_graph *graph;
    size_t count;
    TRY(oc_context_create(&context, NULL, &err));
    TRY(oc_device_create_list(devices, 8, &count, context, argc > 1 ? argv[1] : "auto,auto", &err));
    TRY(oc_graph_create(&graph, context, &err));
    oc_value *x = oc_graph_input(graph, "x", OC_F32, &OC_SHAPE(1, 3, 224, 224), &err);
    TRY(oc_graph_output(graph, "y", oc_net_build(graph, "squeezenet1_1", x, NULL, &err), &err));

    double most = 2;
    const oc_policy turns = {"turns", take_turns, &most};
    oc_plan *plan;
    oc_exec *exec;
    TRY(oc_plan_create(&plan, graph, devices, count, &(oc_plan_params){.placer = &turns}, &err));
    TRY(oc_exec_create(&exec, plan, NULL, &err));
    static float image[3 * 224 * 224] = {1}, classes[1000];
    oc_binding in = {.name = "x"}, out = {.name = "y"};
    TRY(oc_tensor_wrap(&in.tensor, context, OC_F32, &OC_SHAPE(1, 3, 224, 224), image, &err));
    TRY(oc_tensor_wrap(&out.tensor, context, OC_F32, &OC_SHAPE(1, 1000), classes, &err));
    TRY(oc_exec_run(exec, &in, 1, &out, 1, &err));
    oc_plan_forecast forecast = oc_plan_get_forecast(plan);
    printf("policy %s: %zu pieces on %zu devices\n", forecast.policy ? forecast.policy : "none", forecast.part_count, count);
    for (size_t i = 0; i < forecast.part_count; i++)
        printf("  on %zu: %zu steps, %.3f ms\n", oc_plan_get_part(plan, i).device, oc_plan_get_part(plan, i).step_count,
               1e3 * oc_exec_get_part_time(exec, i).seconds);
    oc_tensor_destroy(&in.tensor), oc_tensor_destroy(&out.tensor), oc_exec_destroy(&exec), oc_plan_destroy(&plan);
    oc_graph_destroy(&graph);
    for (size_t i = 0; i < count; i++)
        oc_device_destroy(&devices[i]);
    oc_context_destroy(&context);
}
