/* SPDX-License-Identifier: Apache-2.0 */
/* Meetings: every replica brings its shares of some sums, waits for the others, and goes on with the sums, added by each of them in the
 * same order. */
#include "plan/team.h"

typedef struct oc__meeting {
    size_t numbers;      /* of a replica */
    float *shares, *sums; /* by replica */
    size_t arrived;      /* guarded by the team's lock, which it is reset under at the beginning of a run */
} oc__meeting;

/* The parts in front of what follows. */
static size_t replica_count(const oc__team *team) {
    const struct oc__parts *parts = team->exec->plan->parts;
    return OC_MIN(parts->blend_at, parts->part_count);
}

static size_t count_meetings(const oc__steps *steps) {
    int32_t last = -1;
    for (size_t i = 0; i < steps->count; i++)
        if (steps->items[i].kind == OC_STEP_MEET)
            last = OC_MAX(last, steps->items[i].meeting);
    return (size_t)(last + 1);
}

/* They meet in the same order everywhere, or would wait for ever. */
static oc_status check_order(const oc__team *team, const oc__steps *a, const oc__steps *b, oc_error *err) {
    size_t i = 0, k = 0;
    for (;; i++, k++) {
        while (i < a->count && a->items[i].kind != OC_STEP_MEET)
            i++;
        while (k < b->count && b->items[k].kind != OC_STEP_MEET)
            k++;
        if (i == a->count || k == b->count)
            break;
        if (a->items[i].meeting != b->items[k].meeting || a->items[i].size != b->items[k].size)
            break;
    }
    return i == a->count && k == b->count ? OC_OK
                                          : oc__fail(team->exec->context, err, OC_ERROR_INTERNAL, "replicas would not meet in the same order");
}

static oc_status make_meeting(const oc__team *team, oc__meeting *m, size_t replicas, oc_error *err) {
    m->shares = oc__alloc_array(team->exec->context, OC_MAX(m->numbers, (size_t)1), replicas * sizeof(float));
    m->sums = oc__alloc_array(team->exec->context, OC_MAX(m->numbers, (size_t)1), replicas * sizeof(float));
    return m->shares && m->sums ? OC_OK : oc__fail_memory(team->exec->context, err, m->numbers * replicas * sizeof(float));
}

oc_status oc__team_make_meetings(oc__team *team, oc_error *err) {
    const struct oc__parts *parts = team->exec->plan->parts;
    size_t replicas = replica_count(team), count = replicas ? count_meetings(&parts->parts[0].plan->steps) : 0;
    if (!count)
        return OC_OK;
    team->meetings = oc__alloc_array(team->exec->context, count, sizeof(*team->meetings));
    if (!team->meetings)
        return oc__fail_memory(team->exec->context, err, count * sizeof(*team->meetings));
    team->meeting_count = count;
    const oc__steps *steps = &parts->parts[0].plan->steps;
    for (size_t r = 1; r < replicas; r++)
        OC_TRY(check_order(team, steps, &parts->parts[r].plan->steps, err));
    for (size_t i = 0; i < steps->count; i++)
        if (steps->items[i].kind == OC_STEP_MEET)
            team->meetings[steps->items[i].meeting].numbers += steps->items[i].size / sizeof(float);
    for (size_t i = 0; i < count; i++)
        OC_TRY(make_meeting(team, &team->meetings[i], replicas, err));
    return OC_OK;
}

void oc__team_free_meetings(oc__team *team) {
    for (size_t i = 0; i < team->meeting_count; i++) {
        oc__free(team->exec->context, team->meetings[i].shares);
        oc__free(team->exec->context, team->meetings[i].sums);
    }
    oc__free(team->exec->context, team->meetings);
}

void oc__team_begin_meetings(oc__team *team) {
    for (size_t i = 0; i < team->meeting_count; i++)
        team->meetings[i].arrived = 0;
}

/* Out of the device's memory, or into it; what is written stays where it is until the run is over. */
static oc_status transfer(oc_exec *exec, size_t first, size_t count, float *at, bool out, oc_error *err) {
    for (size_t i = first; i < first + count; i++) {
        const oc__launch *launch = &exec->launches.items[i];
        uint64_t bytes = exec->plan->steps.items[i].size;
        if (bytes && out)
            OC_TRY(oc__queue_read(exec->queue, launch->src, launch->src_offset, at, bytes, true, err));
        else if (bytes)
            OC_TRY(oc__queue_write(exec->queue, launch->dst, launch->dst_offset, at, bytes, false, err));
        at += bytes / sizeof(float);
    }
    return OC_OK;
}

static oc_status wait_for_all(oc__team *team, int32_t part, oc__meeting *m, oc_error *err) {
    size_t replicas = replica_count(team);
    pthread_mutex_lock(&team->lock);
    m->arrived++;
    team->members[part].meets = true;
    pthread_cond_broadcast(&team->change);
    while (m->arrived < replicas && team->failed < 0)
        pthread_cond_wait(&team->change, &team->lock);
    team->members[part].meets = false;
    bool all = m->arrived >= replicas;
    pthread_mutex_unlock(&team->lock);
    return all ? OC_OK : oc__fail(team->exec->context, err, OC_ERROR_CANCELLED, "another device has failed");
}

static void add_shares(const oc__team *team, const oc__meeting *m, bool mean, float *sums) {
    const struct oc__parts *parts = team->exec->plan->parts;
    double rows = 0;
    for (int d = 0; d < team->exec->plan->device_count; d++)
        rows += (double)parts->shares[d];
    for (size_t r = 0; r < replica_count(team); r++) {
        float weight = mean ? (float)((double)parts->shares[parts->parts[r].device] / rows) : 1;
        for (size_t i = 0; i < m->numbers; i++)
            sums[i] = (r ? sums[i] : 0) + weight * m->shares[r * m->numbers + i];
    }
}

oc_status oc__exec_meet(oc_exec *exec, size_t first, size_t count, oc_error *err) {
    const oc__step *step = &exec->plan->steps.items[first];
    oc__team *team = exec->member_of;
    oc__meeting *m = &team->meetings[step->meeting];
    float *sums = m->sums + (size_t)exec->part * m->numbers;
    OC_TRY(transfer(exec, first, count, m->shares + (size_t)exec->part * m->numbers, true, err));
    OC_TRY(wait_for_all(team, exec->part, m, err));
    add_shares(team, m, step->mean, sums);
    return transfer(exec, first, count, sums, false, err);
}
