/* SPDX-License-Identifier: Apache-2.0 */
/* A device has failed in a run: the plan is made again for those that are left, and the run repeated there. */
#include <string.h>

#include "plan/team.h"

/* A failure of the graph, the caller or the host's memory would come again anywhere. */
bool oc__is_the_devices(oc_status status) {
    return status == OC_ERROR_DEVICE || status == OC_ERROR_DEVICE_MEMORY || status == OC_ERROR_BUILD || status == OC_ERROR_TRUST ||
           status == OC_ERROR_CANCELLED || status == OC_ERROR_NO_DEVICE;
}

oc_device *oc__exec_failed_device(const oc_exec *exec) {
    const oc__team *team = exec->team;
    if (team && team->spare)
        return oc__exec_failed_device(team->spare);
    return exec->plan->devices[team ? team->lost : 0];
}

bool oc__exec_is_abandoned(const oc_exec *exec) {
    return exec->team && (exec->team->abandoned || (exec->team->spare && oc__exec_is_abandoned(exec->team->spare)));
}

/* Replicas change nothing: as long as the update has not begun, and its device is there, the state is that before the run. */
static bool state_is_safe(const oc_exec *exec, int32_t part) {
    const oc_plan *plan = exec->plan;
    const oc__part *failed = &plan->parts->parts[part];
    return !plan->updates || (!failed->plan->updates && exec->state && exec->state->device != plan->devices[failed->device]);
}

/* On the device of the state, where there is one that changes. */
static oc_status make_spare(oc_exec *exec, oc_device *const *devices, size_t count, oc_error *err) {
    oc__team *team = exec->team;
    oc_plan_params params = oc__part_params(exec->plan);
    count = exec->plan->updates ? 1 : count;
    params.policy = count > 1 ? "auto" : NULL;
    params.wait_limit = count > 1 ? exec->plan->params.wait_limit : 0;
    OC_TRY(oc_plan_create(&team->spare_plan, exec->plan->graph, exec->plan->updates ? &exec->state->device : devices, count, &params, err));
    oc_status status = oc_exec_create(&team->spare, team->spare_plan, exec->state, err);
    if (status == OC_OK)
        team->spare->control = exec->control;
    else
        oc_plan_destroy(&team->spare_plan);
    return status;
}

/* All inputs that were ever given, from their blocks. */
static oc_status run_spare(oc_exec *exec, oc_error *err) {
    oc__team *team = exec->team;
    const oc_plan *plan = exec->plan;
    oc_binding *inputs = oc__alloc_array(exec->context, OC_MAX(plan->input_count, (size_t)1), sizeof(*inputs));
    if (!inputs)
        return oc__fail_memory(exec->context, err, plan->input_count * sizeof(*inputs));
    for (size_t i = 0; i < plan->input_count; i++)
        inputs[i] = (oc_binding){plan->inputs[i].name, team->blocks[plan->parts->input_block[i]]};
    oc_status status = oc_exec_run(team->spare, inputs, plan->input_count, team->outputs, team->output_count, err);
    oc__free(exec->context, inputs);
    return status;
}

oc_status oc__team_recover(oc_exec *exec, oc_error *err) {
    oc__team *team = exec->team;
    const oc_plan *plan = exec->plan;
    oc_error first = team->error;
    int32_t lost = team->lost;
    const char *name = oc_device_get_info(plan->devices[lost])->name;
    oc_device **left = oc__alloc_array(exec->context, (size_t)plan->device_count, sizeof(*left));
    size_t count = 0;
    if (!left)
        return oc__fail_memory(exec->context, err, (size_t)plan->device_count * sizeof(*left));
    for (int d = 0; d < plan->device_count; d++)
        if (d != lost)
            left[count++] = plan->devices[d];
    oc_status status = first.status;
    if (oc__is_the_devices(first.status) && count && state_is_safe(exec, team->failed)) {
        oc__log(exec->context, OC_LOG_WARNING, "device %d (%s) has failed and is left out: %.300s", lost, name, first.text);
        status = make_spare(exec, left, count, err);
        if (status == OC_OK)
            status = run_spare(exec, err);
    }
    if (status != OC_OK && err)
        (void)oc__fail(exec->context, err, status, "device %d (%s): %.380s", lost, name, first.text);
    oc__free(exec->context, left);
    return status;
}
