/* SPDX-License-Identifier: Apache-2.0 */
/* A run's inputs into the blocks that parts read. They are copied: a run can then be repeated elsewhere, and the caller's tensors are
 * his again. Where he waits for the run and each part reads rows of its own, the parts' threads do that, all at once. */
#include <string.h>

#include "plan/team.h"
#include "tensor/tensor.h"

/* Rows of the block that ports read, each once; -1: some port reads all of it, or what another one reads. */
static int64_t rows_read(const struct oc__parts *parts, int32_t block) {
    int64_t rows = 0;
    for (size_t i = 0; i < parts->part_count; i++)
        for (size_t k = 0; k < parts->parts[i].in_count; k++) {
            const oc__port *port = &parts->parts[i].in[k];
            if (port->block != block)
                continue;
            if (port->direct || port->rows < 0 || port->first != rows)
                return -1;
            rows += port->rows;
        }
    return rows;
}

/* Devices that may not come back could read the caller's tensor when it is no longer there. */
static bool can_wait(const oc__team *team, int32_t block, const oc_tensor *tensor) {
    const oc_plan *plan = team->exec->plan;
    const oc_shape *shape = oc_tensor_get_shape(tensor);
    return plan->parts->crew && !(plan->params.wait_limit > 0) && oc_tensor_get_data(tensor) && oc__tensor_is_dense(tensor) &&
           shape->rank > 0 && rows_read(plan->parts, block) == shape->dims[0];
}

static const oc_tensor *find(const oc_binding *inputs, size_t count, const char *name) {
    for (size_t k = 0; k < count; k++)
        if (!strcmp(inputs[k].name, name))
            return inputs[k].tensor;
    return NULL;
}

static oc_status take(oc__team *team, const oc_binding *inputs, size_t count, bool waits, oc_error *err) {
    const oc_plan *plan = team->exec->plan;
    for (size_t i = 0; i < plan->input_count; i++) {
        int32_t block = plan->parts->input_block[i];
        const oc_tensor *tensor = find(inputs, count, plan->inputs[i].name);
        if (!tensor && !team->given[block])
            return oc__fail(team->exec->context, err, OC_ERROR_INVALID, "input %s was never given", plan->inputs[i].name);
        if (tensor && waits && can_wait(team, block, tensor))
            team->sources[block] = tensor;
        else if (tensor)
            OC_TRY(oc_tensor_copy(team->blocks[block], tensor, err));
        team->fresh[block] = tensor || team->again; /* a run that failed may not have brought it everywhere */
        team->given[block] = true;
    }
    return OC_OK;
}

oc_status oc__team_take_inputs(oc__team *team, const oc_binding *inputs, size_t count, bool waits, oc_error *err) {
    size_t blocks = team->exec->plan->parts->block_count;
    memset(team->fresh, 0, blocks * sizeof(*team->fresh));
    memset(team->sources, 0, blocks * sizeof(*team->sources));
    oc_status status = take(team, inputs, count, waits, err);
    if (status != OC_OK)
        oc__team_keep_inputs(team);
    return status;
}

/* Ports of the caller's inputs are bound only when those are new. */
void oc__team_choose_ports(oc__team *team) {
    const struct oc__parts *parts = team->exec->plan->parts;
    for (size_t i = 0; i < parts->part_count; i++) {
        oc__member *member = &team->members[i];
        member->in_count = 0;
        member->done = member->ran = false;
        for (size_t k = 0; k < parts->parts[i].in_count; k++) {
            int32_t block = parts->parts[i].in[k].block;
            if (member->in[k] && (team->fresh[block] || !team->given[block]))
                member->in_now[member->in_count++] = (oc_binding){parts->parts[i].in[k].name, member->in[k]};
        }
    }
}

static void copy_rows(const oc__team *team, int32_t block, int64_t first, int64_t rows) {
    const oc_tensor *from = team->sources[block];
    int64_t all = oc_tensor_get_shape(from)->dims[0];
    size_t row = (size_t)(oc_tensor_get_bytes(from) / (uint64_t)OC_MAX(all, 1)), at = (size_t)first * row;
    if (rows > 0 && row)
        memcpy((char *)oc_tensor_get_data(team->blocks[block]) + at, (const char *)oc_tensor_get_data(from) + at, (size_t)rows * row);
}

void oc__member_fetch(const oc__team *team, const oc__part *part) {
    for (size_t k = 0; k < part->in_count; k++)
        if (team->sources[part->in[k].block])
            copy_rows(team, part->in[k].block, part->in[k].first, part->in[k].rows);
}

void oc__team_keep_inputs(oc__team *team) {
    const struct oc__parts *parts = team->exec->plan->parts;
    for (size_t block = 0; block < parts->block_count; block++) {
        if (team->sources[block])
            copy_rows(team, (int32_t)block, 0, oc_tensor_get_shape(team->sources[block])->dims[0]);
        team->sources[block] = NULL;
    }
}
