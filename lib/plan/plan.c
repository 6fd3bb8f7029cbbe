/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling a graph: each step is one file and can be read on its own. */
#include "plan/parts.h"

#include <stdlib.h>
#include <string.h>

static uint64_t next_serial(void) {
    static uint64_t serial;
    return __atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED);
}

oc_plan *oc__plan_retain(oc_plan *plan) {
    pthread_mutex_lock(&plan->lock);
    plan->references++;
    pthread_mutex_unlock(&plan->lock);
    return plan;
}

static void free_plan(oc_plan *plan) {
    oc_context *context = plan->context;
    oc__parts_free(plan);
    oc__steps_finish(&plan->steps);
    oc__steps_finish(&plan->derive_steps);
    oc__buffer_release(&plan->constants);
    oc_state_destroy(&plan->state);
    oc_graph_destroy(&plan->graph);
    oc__free(context, plan->slots);
    oc__free(context, plan->tasks);
    oc__free(context, plan->regions);
    oc__free(context, plan->groups);
    oc__arena_finish(&plan->arena);
    pthread_mutex_destroy(&plan->lock);
    oc__free(context, plan);
}

void oc_plan_destroy(oc_plan **handle) {
    if (!handle || !*handle)
        return;
    oc_plan *plan = *handle;
    *handle = NULL;
    pthread_mutex_lock(&plan->lock);
    bool last = --plan->references == 0;
    pthread_mutex_unlock(&plan->lock);
    if (last)
        free_plan(plan);
}

static oc_status rewrite(oc_plan *plan, const oc_graph *graph, oc_error *err) {
    const oc_plan_params *p = &plan->params;
    oc__copy_params copy = oc__plan_copy_params(p);
    OC_TRY(oc__graph_copy(&plan->graph, graph, &copy, err));
    bool widen = !p->no_fusion && !p->reference;
    for (int i = 0; i < plan->device_count; i++)
        widen = widen && oc__device_caps(plan->devices[i])->simt_width <= 1;
    const oc__rewriting wanted = {.inference = p->inference, .fusion = !p->no_fusion, .widen = widen};
    return oc__rewrite(plan->graph, &wanted, err);
}

/* What took how long, for the debug log. */
typedef struct stopwatch {
    double last, seconds[4]; /* rewriting; choosing solvers; memory; recording */
    oc__costs before;
} stopwatch;

static void lap(stopwatch *watch, int phase) {
    double now = oc__clock_seconds();
    watch->seconds[phase] += now - watch->last;
    watch->last = now;
}

static void report(const oc_plan *plan, const stopwatch *watch) {
    oc__costs now = oc__device_costs(plan->devices[0]), was = watch->before;
    const double *ms = watch->seconds;
    oc__log(plan->context, OC_LOG_DEBUG,
            "planned %zu steps: rewriting %.1f ms, choosing solvers %.1f ms (verifying %llu: %.1f ms, first runs %.1f ms of them; "
            "building %llu programs: %.1f ms), memory %.1f ms, recording %.1f ms", plan->info.step_count, 1e3 * ms[0], 1e3 * ms[1],
            (unsigned long long)(now.verdicts - was.verdicts), 1e3 * (now.verify_seconds - was.verify_seconds),
            1e3 * (now.first_run_seconds - was.first_run_seconds),
            (unsigned long long)(now.programs_built - was.programs_built), 1e3 * (now.build_seconds - was.build_seconds), 1e3 * ms[2],
            1e3 * ms[3]);
}

static oc_status compile(oc_plan *plan, const oc_graph *graph, oc_error *err) {
    stopwatch watch = {.last = oc__clock_seconds()};
    if (!oc__tune_mode_parse(plan->params.tune, &plan->tune))
        return oc__fail(plan->context, err, OC_ERROR_INVALID, "tuning is \"off\", \"fast\" or \"full\", not \"%.40s\"",
                        plan->params.tune ? plan->params.tune : getenv("OCELLI_TUNE"));
    if (!plan->params.placer && !oc__policy_is_known(plan->params.policy))
        return oc__fail(plan->context, err, OC_ERROR_NOT_FOUND, "there is no placement policy named %.40s; there are single, pinned, heft, "
                        "split, pipeline and auto", plan->params.policy);
    OC_TRY(rewrite(plan, graph, err));
    bool placed = plan->device_count > 1 || plan->params.forecast;
    bool pinned = placed && plan->params.pin_count; /* a pin may name what would be gone */
    if (!plan->params.no_fusion && !plan->params.reference && !pinned)
        OC_TRY(oc__plan_separable(plan, err));
    if (placed)
        return oc__parts_create(plan, graph, err);
    if (plan->params.half_weights && !plan->params.reference)
        OC_TRY(oc__plan_half(plan, err));
    watch.before = oc__device_costs(plan->devices[0]);
    lap(&watch, 0);
    OC_TRY(oc__plan_make_tasks(plan, err));
    if (plan->tune)
        OC_TRY(oc__find_save(plan->devices[0], err));
    lap(&watch, 1);
    OC_TRY(oc__plan_join(plan, err));
    OC_TRY(oc__plan_make_memory(plan, err));
    lap(&watch, 2);
    OC_TRY(oc__plan_record(plan, err));
    lap(&watch, 3);
    report(plan, &watch);
    return OC_OK;
}

oc_status oc_plan_create(oc_plan **out, const oc_graph *graph, oc_device *const *devices, size_t device_count,
                         const oc_plan_params *params, oc_error *err) {
    oc_context *context = graph->context;
    bool described = params && params->forecast && params->machine;
    if (!described && (device_count < 1 || !devices || !devices[0]))
        return oc__fail(context, err, OC_ERROR_INVALID, "a plan needs at least one device");
    device_count = described ? 0 : device_count;
    for (size_t i = 0; i < device_count; i++)
        OC_TRY(oc__device_check(devices[i], err));
    oc_plan *plan = oc__alloc(context, sizeof(*plan));
    if (!plan)
        return oc__fail_memory(context, err, sizeof(*plan));
    plan->context = context;
    plan->references = 1;
    plan->serial = next_serial();
    pthread_mutex_init(&plan->lock, NULL);
    oc__arena_init(&plan->arena, context);
    oc__steps_init(&plan->steps, context);
    oc__steps_init(&plan->derive_steps, context);
    plan->params = params ? *params : (oc_plan_params){0};
    plan->device_count = (int)device_count;
    plan->devices = oc__arena_alloc(&plan->arena, sizeof(*devices) * OC_MAX(device_count, (size_t)1));
    oc_status status = plan->devices ? OC_OK : oc__fail_memory(context, err, sizeof(*devices) * device_count);
    if (status == OC_OK) {
        if (device_count)
            memcpy(plan->devices, devices, sizeof(*devices) * device_count);
        status = compile(plan, graph, err);
    }
    if (status == OC_OK)
        *out = plan;
    else
        free_plan(plan);
    return status;
}

oc_plan_info oc_plan_get_info(const oc_plan *plan) {
    return plan->info;
}

static oc_value_info end_info(const oc__plan_end *end) {
    return (oc_value_info){.name = end->name, .dtype = end->value->dtype, .shape = end->value->shape};
}

oc_value_info oc_plan_get_input(const oc_plan *plan, size_t index) {
    return index < plan->input_count ? end_info(&plan->inputs[index]) : (oc_value_info){0};
}

oc_value_info oc_plan_get_output(const oc_plan *plan, size_t index) {
    return index < plan->output_count ? end_info(&plan->outputs[index]) : (oc_value_info){0};
}
