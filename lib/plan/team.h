/* SPDX-License-Identifier: Apache-2.0 */
/* An exec of a plan for several devices: an exec for each part, the blocks between them, and the run that is on its way. */
#ifndef OC_TEAM_H
#define OC_TEAM_H

#include "plan/exec.h"
#include "plan/parts.h"

typedef struct oc__member {
    oc_exec *exec;
    oc_state *state;      /* the caller's for the part's device: a copy, or its memory; NULL: the caller's own will do */
    bool shared;          /* its memory */
    void **host;          /* by slab of the arena: where the host has it while the part does not run; NULL: it has not */
    size_t out_count;     /* ports that are copied */
    uint64_t version;     /* of the caller's that the copy was made from, plus one; 0: never */
    oc_tensor **in, **out; /* by port: views of the blocks */
    oc_binding *in_now, *out_now;
    size_t in_count;      /* ports whose block is new in this run */
    bool done, ran;       /* ran: to its end */
    bool meets;           /* waits for other replicas */
    double start, seconds; /* of the last run, from its beginning */
} oc__member;

typedef struct oc__team {
    oc_exec *exec;
    oc__member *members; /* by part */
    oc_tensor **blocks;
    bool *given;         /* by block: has been given in some run */
    pthread_mutex_t lock;
    pthread_cond_t change;
    /* the run: guarded by the lock while it is on its way */
    bool *fresh;         /* by block: given for this run */
    const oc_tensor **sources; /* by block: the caller's tensor, whose rows the parts copy themselves; NULL: it is there */
    oc_binding *outputs; /* where the caller wants results */
    size_t output_count, left, blends_left; /* left: parts and blends */
    bool running, again; /* again: the last run failed */
    double began;
    oc_error error;      /* of the first part that failed */
    int32_t failed;      /* that part, or -1 */
    int32_t lost;        /* the device of the part that failed last */
    oc__signal *signal;  /* set when the run is over; may be NULL */
    struct oc__meeting *meetings; /* by number (meet.c) */
    size_t meeting_count;
    /* what took over when a device had failed */
    oc_plan *spare_plan;
    oc_exec *spare;
    bool abandoned;      /* a device has not come back: nothing of this may be freed */
} oc__team;

oc_status oc__team_create(oc_exec *exec, oc_error *err);
void oc__team_destroy(oc_exec *exec);
oc_status oc__team_run(oc_exec *exec, const oc_binding *inputs, size_t input_count, const oc_binding *outputs, size_t output_count,
                       oc_error *err);
oc_status oc__team_enqueue(oc_exec *exec, const oc_binding *inputs, size_t input_count, const oc_binding *outputs,
                           size_t output_count, oc_event *const *wait, size_t wait_count, oc_event **done, oc_error *err);
oc_status oc__team_wait(oc_exec *exec, oc_error *err);
oc_status oc__team_read(oc_exec *exec, const char *name, oc_tensor *tensor, oc_error *err); /* an output of the last run */
oc_step_time oc__team_step_time(const oc_exec *exec, size_t index);

/* inputs.c: before a run; `waits`: the caller's tensors stay as they are until it is over. */
oc_status oc__team_take_inputs(oc__team *team, const oc_binding *inputs, size_t count, bool waits, oc_error *err);
void oc__team_choose_ports(oc__team *team);
void oc__member_fetch(const oc__team *team, const oc__part *part); /* the part's rows, if they are not there */
void oc__team_keep_inputs(oc__team *team); /* all that is not in blocks, while the caller's tensors are there */

/* mirror.c: the member's copy of a caller's state, which may have changed since. */
oc_status oc__member_refresh(oc__team *team, oc__member *member, oc_error *err);
/* Sums over all replicas, in their order: the same bits each time. The share-th of `shares` parts of each. */
void oc__team_blend(oc__team *team, int share, int shares);

/* direct.c: the host gets the memory of an exec whose part has direct ports, and gives it back before a run. */
oc_status oc__member_map(oc__member *member, oc_error *err);
oc_status oc__member_unmap(oc__member *member, oc_error *err);
float *oc__team_spot(const oc__team *team, const oc__spot *spot);
/* A block, or where no run needs it, what it stands for. */
oc_status oc__team_copy_block(oc__team *team, int32_t block, oc_tensor *to, oc_error *err);

/* meet.c: where replicas exchange sums in the midst of their runs. */
oc_status oc__team_make_meetings(oc__team *team, oc_error *err);
void oc__team_free_meetings(oc__team *team);
void oc__team_begin_meetings(oc__team *team); /* of a run */

/* recover.c: the run again on the devices that are left; without any, the error. */
oc_status oc__team_recover(oc_exec *exec, oc_error *err);
/* run.c */
oc_status oc__exec_check_bindings(const oc_exec *exec, const oc_binding *inputs, size_t input_count, const oc_binding *outputs,
                                  size_t output_count, oc_error *err);

#endif
