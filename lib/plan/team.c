/* SPDX-License-Identifier: Apache-2.0 */
/* Making an exec for several devices. */
#include "plan/team.h"

#include <string.h>

/* A view of the rows of a block. */
static oc_status make_view(oc__team *team, const oc__port *port, oc_tensor **out, oc_error *err) {
    oc_tensor *block = team->blocks[port->block];
    oc_shape shape = *oc_tensor_get_shape(block);
    uint64_t offset = 0;
    if (port->rows >= 0) {
        int64_t row = 1;
        for (int i = 1; i < shape.rank; i++)
            row *= shape.dims[i];
        shape.dims[0] = port->rows;
        offset = (uint64_t)(port->first * row);
    }
    return oc_tensor_view(out, block, offset, &shape, NULL, err);
}

/* Inputs that come without a copy count as given. */
static oc_status make_direct_ports(oc__team *team, oc__member *member, const oc__part *part, oc_error *err) {
    member->host = oc__alloc_array(team->exec->context, (size_t)OC_MAX(part->plan->arena_slabs, 1), sizeof(*member->host));
    if (!member->host)
        return oc__fail_memory(team->exec->context, err, sizeof(*member->host));
    for (size_t i = 0; i < part->in_count; i++)
        for (size_t k = 0; part->in[i].direct && k < part->plan->input_count; k++)
            if (!strcmp(part->plan->inputs[k].name, part->in[i].name))
                member->exec->given[k] = true;
    return oc__member_map(member, err);
}

static oc_status make_ports(oc__team *team, oc__member *member, const oc__part *part, oc_error *err) {
    oc_context *context = team->exec->context;
    member->in = oc__alloc_array(context, part->in_count + 1, sizeof(*member->in));
    member->out = oc__alloc_array(context, part->out_count + 1, sizeof(*member->out));
    member->in_now = oc__alloc_array(context, part->in_count + 1, sizeof(*member->in_now));
    member->out_now = oc__alloc_array(context, part->out_count + 1, sizeof(*member->out_now));
    if (!member->in || !member->out || !member->in_now || !member->out_now)
        return oc__fail_memory(context, err, (part->in_count + part->out_count) * sizeof(*member->in_now));
    for (size_t i = 0; i < part->in_count; i++)
        if (!part->in[i].direct)
            OC_TRY(make_view(team, &part->in[i], &member->in[i], err));
    for (size_t i = 0; i < part->out_count; i++) {
        if (part->out[i].direct)
            continue;
        OC_TRY(make_view(team, &part->out[i], &member->out[i], err));
        member->out_now[member->out_count++] = (oc_binding){part->out[i].name, member->out[i]};
    }
    return part->mapped ? make_direct_ports(team, member, part, err) : OC_OK;
}

/* The caller's state where it can be used as it is, or its memory can; else a copy on the part's device. */
static oc_status make_state(oc__team *team, oc__member *member, const oc__part *part, oc_state **out, oc_error *err) {
    oc_state *given = team->exec->state;
    oc_device *device = part->plan->devices[0];
    *out = given;
    if (!given || given->device == device)
        return OC_OK;
    member->shared = oc__device_has_memory_of(device, given->device);
    if (member->shared) {
        OC_TRY(oc__state_share(&member->state, given, device, err));
        *out = member->state;
        return OC_OK;
    }
    if (part->plan->updates)
        return oc__fail(team->exec->context, err, OC_ERROR_INVALID, "the state lies on another device than that which changes it: %s",
                        oc_device_get_info(device)->name);
    OC_TRY(oc_state_create(&member->state, device, part->plan->graph, 0, err));
    *out = member->state;
    return OC_OK;
}

static oc_status make_blocks(oc__team *team, oc_error *err) {
    const struct oc__parts *parts = team->exec->plan->parts;
    for (size_t i = 0; i < parts->block_count; i++)
        if (!parts->blocks[i].unused)
            OC_TRY(oc_tensor_create(&team->blocks[i], team->exec->context, NULL, parts->blocks[i].dtype, &parts->blocks[i].shape, err));
    return OC_OK;
}

static oc_status fill(oc__team *team, oc_error *err) {
    oc_exec *exec = team->exec;
    oc_context *context = exec->context;
    const struct oc__parts *parts = exec->plan->parts;
    team->members = oc__alloc_array(context, OC_MAX(parts->part_count, (size_t)1), sizeof(*team->members));
    team->blocks = oc__alloc_array(context, OC_MAX(parts->block_count, (size_t)1), sizeof(*team->blocks));
    team->given = oc__alloc_array(context, OC_MAX(parts->block_count, (size_t)1), sizeof(bool));
    team->fresh = oc__alloc_array(context, OC_MAX(parts->block_count, (size_t)1), sizeof(bool));
    team->sources = oc__alloc_array(context, OC_MAX(parts->block_count, (size_t)1), sizeof(*team->sources));
    team->outputs = oc__alloc_array(context, OC_MAX(exec->plan->output_count, (size_t)1), sizeof(*team->outputs));
    if (!team->members || !team->blocks || !team->given || !team->fresh || !team->sources || !team->outputs)
        return oc__fail_memory(context, err, parts->block_count * sizeof(*team->blocks));
    OC_TRY(make_blocks(team, err));
    if (!exec->state && exec->plan->updates && parts->part_count > 1) {
        OC_TRY(oc_state_create(&exec->state, exec->plan->devices[0], exec->plan->graph, 0, err));
        exec->own_state = true;
    }
    for (size_t i = 0; i < parts->part_count; i++) {
        oc_state *state;
        OC_TRY(make_state(team, &team->members[i], &parts->parts[i], &state, err));
        OC_TRY(oc_exec_create(&team->members[i].exec, parts->parts[i].plan, state, err));
        team->members[i].exec->control = exec->control;
        team->members[i].exec->member_of = team;
        team->members[i].exec->part = (int32_t)i;
        OC_TRY(make_ports(team, &team->members[i], &parts->parts[i], err));
    }
    return oc__team_make_meetings(team, err);
}

oc_status oc__team_create(oc_exec *exec, oc_error *err) {
    oc__team *team = exec->team = oc__alloc(exec->context, sizeof(*team));
    pthread_condattr_t clock;
    if (!team)
        return oc__fail_memory(exec->context, err, sizeof(*team));
    team->exec = exec;
    team->failed = -1;
    pthread_mutex_init(&team->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&team->change, &clock);
    pthread_condattr_destroy(&clock);
    return fill(team, err);
}

static void free_member(oc__team *team, oc__member *member, const oc__part *part) {
    for (size_t i = 0; member->in && i < part->in_count; i++)
        oc_tensor_destroy(&member->in[i]);
    for (size_t i = 0; member->out && i < part->out_count; i++)
        oc_tensor_destroy(&member->out[i]);
    (void)oc__member_unmap(member, NULL);
    oc_exec_destroy(&member->exec);
    oc_state_destroy(&member->state);
    oc__free(team->exec->context, member->host);
    oc__free(team->exec->context, member->in);
    oc__free(team->exec->context, member->out);
    oc__free(team->exec->context, member->in_now);
    oc__free(team->exec->context, member->out_now);
}

void oc__team_destroy(oc_exec *exec) {
    oc__team *team = exec->team;
    const struct oc__parts *parts = exec->plan->parts;
    if (!team)
        return;
    if (oc__device_check(exec->plan->devices[0], NULL) == OC_OK) /* in a forked child nobody does the rest of a run */
        (void)oc__team_wait(exec, NULL);
    oc_exec_destroy(&team->spare);
    oc_plan_destroy(&team->spare_plan);
    if (team->abandoned)
        return;
    for (size_t i = 0; team->members && i < parts->part_count; i++)
        free_member(team, &team->members[i], &parts->parts[i]);
    for (size_t i = 0; team->blocks && i < parts->block_count; i++)
        oc_tensor_destroy(&team->blocks[i]);
    oc__team_free_meetings(team);
    pthread_cond_destroy(&team->change);
    pthread_mutex_destroy(&team->lock);
    oc__free(exec->context, team->members);
    oc__free(exec->context, team->blocks);
    oc__free(exec->context, team->given);
    oc__free(exec->context, team->fresh);
    oc__free(exec->context, team->sources);
    oc__free(exec->context, team->outputs);
    oc__free(exec->context, team);
    exec->team = NULL;
}

oc_step_time oc__team_step_time(const oc_exec *exec, size_t index) {
    const oc__team *team = exec->team;
    if (team->spare)
        return oc_exec_get_step_time(team->spare, index);
    for (size_t i = 0; i < exec->plan->parts->part_count; i++) {
        oc_step_time time = oc_exec_get_step_time(team->members[i].exec, 0);
        for (size_t k = 0; (time = oc_exec_get_step_time(team->members[i].exec, k)).problem; k++)
            if (index-- == 0)
                return time;
    }
    return (oc_step_time){0};
}
