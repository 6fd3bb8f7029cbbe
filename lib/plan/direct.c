/* SPDX-License-Identifier: Apache-2.0 */
/* Sums over replicas without a copy on the way: devices that compute in the host's own memory leave it to the host between runs. */
#include "plan/team.h"

#include <string.h>

/* The part, among those before `end`, that gives a block; else -1. */
static int32_t part_giving(const struct oc__parts *x, int32_t block, oc__port **port) {
    for (size_t i = 0; i < x->blend_at; i++)
        for (size_t k = 0; k < x->parts[i].out_count; k++)
            if (x->parts[i].out[k].block == block) {
                *port = &x->parts[i].out[k];
                return (int32_t)i;
            }
    return -1;
}

/* The only part that takes a block; -1: none, or several. */
static int32_t part_taking(const struct oc__parts *x, int32_t block, oc__port **port) {
    int32_t found = -1;
    for (size_t i = x->blend_at; i < x->part_count; i++)
        for (size_t k = 0; k < x->parts[i].in_count; k++)
            if (x->parts[i].in[k].block == block) {
                if (found >= 0)
                    return -1;
                *port = &x->parts[i].in[k];
                found = (int32_t)i;
            }
    return found;
}

static const oc__plan_end *end_of(const oc__plan_end *ends, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (!strcmp(ends[i].name, name))
            return &ends[i];
    return NULL;
}

/* Where a port's value lies, if that is in memory of the exec's own. */
static bool find_spot(const struct oc__parts *x, int32_t part, const oc__port *port, bool in, oc__spot *out) {
    const oc_plan *plan = x->parts[part].plan;
    const oc__plan_end *end = in ? end_of(plan->inputs, plan->input_count, port->name)
                                 : end_of(plan->outputs, plan->output_count, port->name);
    *out = (oc__spot){part, plan->slots[end->slot].place};
    return port->rows < 0 && out->place.slab >= 0 && out->place.slab < plan->arena_slabs;
}

static void make_direct(struct oc__parts *x, int32_t part, oc__port *port) {
    port->direct = true;
    x->parts[part].mapped = true;
    x->blocks[port->block].unused = true;
}

static oc_status try_direct(oc_plan *plan, oc__blend *blend, oc_error *err) {
    struct oc__parts *x = plan->parts;
    oc__port *ports[OC_MOST_REPLICAS + 1];
    oc__spot *spots = oc__arena_alloc(&plan->arena, (blend->count + 1) * sizeof(*spots));
    if (!spots)
        return oc__fail_memory(plan->context, err, (blend->count + 1) * sizeof(*spots));
    int32_t taking = part_taking(x, blend->to, &ports[0]);
    if (taking < 0 || !find_spot(x, taking, ports[0], true, &spots[0]))
        return OC_OK;
    for (size_t k = 0; k < blend->count; k++) {
        int32_t giving = part_giving(x, blend->from[k], &ports[k + 1]);
        if (giving < 0 || !find_spot(x, giving, ports[k + 1], false, &spots[k + 1]))
            return OC_OK;
    }
    blend->spots = spots;
    for (size_t k = 0; k <= blend->count; k++)
        make_direct(x, spots[k].part, ports[k]);
    return OC_OK;
}

oc_status oc__parts_find_direct(oc_plan *plan, oc_error *err) {
    struct oc__parts *x = plan->parts;
    for (size_t i = 0; i < x->part_count; i++)
        if (!oc__device_has_memory_of(plan->devices[x->parts[i].device], plan->devices[0]))
            return OC_OK;
    for (size_t i = 0; i < x->blend_count; i++)
        OC_TRY(try_direct(plan, &x->blends[i], err));
    return OC_OK;
}

oc_status oc__member_map(oc__member *member, oc_error *err) {
    oc_exec *exec = member->exec;
    for (int i = 0; member->host && i < exec->plan->arena_slabs; i++)
        if (!member->host[i])
            OC_TRY(oc__queue_map(exec->queue, exec->arena[i], &member->host[i], err));
    return OC_OK;
}

oc_status oc__member_unmap(oc__member *member, oc_error *err) {
    oc_exec *exec = member->exec;
    for (int i = 0; member->host && exec && i < exec->plan->arena_slabs; i++)
        OC_TRY(oc__queue_unmap(exec->queue, exec->arena[i], &member->host[i], err));
    return OC_OK;
}

float *oc__team_spot(const oc__team *team, const oc__spot *spot) {
    return (float *)(void *)((char *)team->members[spot->part].host[spot->place.slab] + spot->place.offset);
}

oc_status oc__team_copy_block(oc__team *team, int32_t block, oc_tensor *to, oc_error *err) {
    const struct oc__parts *x = team->exec->plan->parts;
    if (team->blocks[block])
        return oc_tensor_copy(to, team->blocks[block], err);
    size_t b = 0;
    while (x->blends[b].to != block)
        b++;
    const oc__spot *spot = &x->blends[b].spots[0];
    if (!team->members[spot->part].host[spot->place.slab])
        return oc__fail(team->exec->context, err, OC_ERROR_INVALID, "the last run has failed: it gave nothing to be read");
    oc_tensor *view;
    OC_TRY(oc_tensor_wrap(&view, team->exec->context, OC_F32, &x->blocks[block].shape, oc__team_spot(team, spot), err));
    oc_status status = oc_tensor_copy(to, view, err);
    oc_tensor_destroy(&view);
    return status;
}
