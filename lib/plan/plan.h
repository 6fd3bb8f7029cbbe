/* SPDX-License-Identifier: Apache-2.0 */
/* A plan from the inside: slots (values in a layout, somewhere), tasks (problems with a solver), steps. */
#ifndef OC_PLAN_PRIVATE_H
#define OC_PLAN_PRIVATE_H

#include <ocelli/exec.h>

#include "graph/graph.h"
#include "op/tune.h"

/* Where a slot's memory comes from. */
typedef enum oc__home {
    OC_HOME_ARENA = 1, /* the exec's arena: reused within a run unless `kept` */
    OC_HOME_CONSTANT,  /* the plan's constants */
    OC_HOME_STATE,     /* the oc_state */
    OC_HOME_DERIVED    /* made of states and constants only; kept from run to run, remade when the state has changed */
} oc__home;

typedef struct oc__slot {
    int32_t value;   /* id in the plan's graph */
    oc__desc desc;
    oc__home home;
    int32_t alias;   /* the slot whose memory this one is, or is a part of, or -1 */
    uint64_t alias_offset; /* bytes from that one's first */
    int64_t stride0; /* elements from one outermost index to the next; 0: as dense as its layout has it */
    int32_t state;   /* OC_HOME_STATE: index into the plan's states */
    bool kept;       /* lives across the whole run, and between runs: inputs, gathered gradients */
    int32_t region;  /* index into regions, or -1: its place is given by the region */
    uint64_t region_offset;
    int32_t first, last; /* tasks that write and last read it; -1: before the first */
    oc__place place;
} oc__slot;

/* Slots that a fused update wants side by side. */
typedef struct oc__region {
    uint64_t bytes;
    oc__place place;
} oc__region;

typedef struct oc__task {
    const oc_node *node;   /* NULL: a reorder or a copy */
    oc__problem problem;   /* layouts as the solver wants them */
    oc__candidate chosen;
    oc__candidate *all;    /* as considered, for --why */
    int all_count;
    int32_t *in, *out;     /* slots; -1 for operands left out */
    uint64_t workspace;
    oc__place workspace_place;
    bool derived;          /* runs when the state has changed, not in each run */
    int32_t device;
    size_t first_step, step_count; /* in the plan's steps, or derived steps */
    char *text;            /* the problem's text */
    double seconds;        /* estimate */
    oc__cost cost;
} oc__task;

/* A state the plan uses, in the order of slab numbers. */
typedef struct oc__plan_state {
    const oc_value *value;
    int32_t slot;
    int32_t update; /* slot that replaces it at the end of a run; -1: none, or updated in place */
    bool updated;
} oc__plan_state;

typedef struct oc__plan_end {
    const char *name;
    const oc_value *value;
    int32_t slot; /* -1: an input that is not used */
    bool early;   /* an output that is there before the first state is changed */
} oc__plan_end;

/* States that must lie one behind another, as a gathered op's operands. */
typedef struct oc__plan_group {
    int32_t *states; /* indices into states */
    uint64_t *offsets; /* bytes from the first */
    int count;
} oc__plan_group;

struct oc_plan {
    oc_context *context;
    int references; /* guarded by lock: the handle and the execs */
    pthread_mutex_t lock;
    uint64_t serial; /* of the process, for the state's derived sets */
    oc__arena arena;
    oc_device **devices;
    int device_count;
    oc_plan_params params;
    oc_graph *graph;
    oc__slot *slots;
    size_t slot_count, slot_capacity;
    oc__task *tasks;
    size_t task_count, task_capacity;
    oc__region *regions;
    size_t region_count, region_capacity;
    oc__plan_state *states;
    size_t state_count;
    oc__plan_group *groups;
    size_t group_count, group_capacity;
    oc__plan_end *inputs, *outputs;
    size_t input_count, output_count;
    /* slab numbers: arena slabs, derived slabs, constants, then one for each state */
    uint64_t *arena_sizes, *derived_sizes;
    int arena_slabs, derived_slabs, derived_temps; /* the first of the derived slabs are for values that are not kept */
    char **derived_keys; /* by derived slab: what lies there is made of what, and how; NULL: for this plan alone */
    int constant_slab, first_state_slab, slab_count;
    oc_state *state; /* the plan's own (frozen.c), or NULL; made under the lock */
    oc__buffer *constants;
    uint64_t constant_bytes;
    oc__steps steps, derive_steps; /* main; derived */
    oc_plan_info info;
    oc__tune_mode tune;
    bool updates; /* changes states */
    size_t first_update; /* the steps before it change none */
    struct oc__parts *parts; /* several devices (parts.h); NULL: one, and what is above is all there is */
};

/* separable.c: depthwise convolutions go into the 1x1 convolutions behind them, where that is expected to take less time. */
oc_status oc__plan_separable(oc_plan *plan, oc_error *err);
double oc__plan_node_seconds(oc_device *device, const oc_node *node); /* by its best solver, of plain operands; at most 19 of them */
/* half.c: weights are stored in half precision, where nothing is expected to take longer for it. */
oc_status oc__plan_half(oc_plan *plan, oc_error *err);
/* Fails if what these tasks (by number) derived is beyond half precision's range. */
oc_status oc__exec_check_halves(oc_exec *exec, const bool *needed, oc_error *err);
/* tasks.c: the list of tasks and slots: layouts, solvers, reorders, ends. */
oc_status oc__plan_make_tasks(oc_plan *plan, oc_error *err);
int32_t oc__plan_add_slot(oc_plan *plan, int32_t value, const oc__desc *desc, oc__home home, oc_error *err); /* -1: failed */
oc_status oc__plan_add_reorder(oc_plan *plan, int32_t from, int32_t to, oc_error *err);
/* gather.c: operands of fused updates side by side. */
oc_status oc__plan_gather(oc_plan *plan, oc__task *task, oc_error *err);
/* join.c: parts of a concat are made where the whole wants them. */
oc_status oc__plan_join(oc_plan *plan, oc_error *err);
/* memory.c: a place for every slot and workspace. */
oc_status oc__plan_make_memory(oc_plan *plan, oc_error *err);
#define OC_RED_ZONE 256 /* bytes that are looked at, before a value and behind it; a zone is at least that */
uint64_t oc__plan_zone(const oc_plan *plan);
/* record.c: the steps; constants uploaded. */
oc_status oc__plan_record(oc_plan *plan, oc_error *err);
int32_t oc__slot_root(const oc_plan *plan, int32_t slot);
uint64_t oc__slot_offset(const oc_plan *plan, int32_t slot); /* bytes from the root's first */
/* plan.c */
oc_plan *oc__plan_retain(oc_plan *plan);

/* state.c: where states lie. */
typedef struct oc__state_entry {
    char *name;
    oc_dtype dtype;
    oc_shape shape;
    bool trainable;
    oc__buffer *buffer; /* NULL: given back, for only what is derived from it is needed */
    uint64_t offset, bytes;
    oc_tensor *lender;  /* whose memory the buffer is; NULL: the device's */
    bool uncertain;     /* a run or a write failed while it was being changed */
} oc__state_entry;

/* A derived value that all plans on a state share which have it made in the same way. */
typedef struct oc__packed {
    struct oc__packed *next;
    char *key;
    int references;
    uint64_t version; /* of the state it was made from; 0: never */
    oc__buffer *buffer;
} oc__packed;

/* Derived values of one plan on one state, shared by its execs. */
typedef struct oc__derived {
    struct oc__derived *next;
    uint64_t serial;
    int references;
    uint64_t version; /* of the state that those without a key were made from; 0: never */
    oc__buffer **slabs;
    oc__packed **packed; /* by slab; NULL: has no key */
    int slab_count, temps; /* the first are for values that are not kept */
} oc__derived;

void oc__derived_free(oc_state *state, oc__derived *derived); /* derived.c */
/* keys.c: derived_keys. */
oc_status oc__plan_make_keys(oc_plan *plan, oc_error *err);

struct oc_state {
    oc_context *context;
    oc_device *device;
    pthread_mutex_t lock; /* guards derived, packed and version */
    oc__state_entry *entries;
    size_t count, capacity;
    oc__buffer **buffers;
    size_t buffer_count, buffer_capacity;
    uint64_t version;
    struct oc_state *owner; /* of the memory, if that is another's (oc__state_share) */
    bool frozen;
    bool borrows; /* of the graph's tensors, whose memory is not copied */
    oc__derived *derived;
    oc__packed *packed;
};

/* Adds to the version, under the lock; gives the new one. */
uint64_t oc__state_add_version(oc_state *state, uint64_t steps);
/* A frozen state of the graph's first values, in the graph's own memory where the device shares that. */
oc_status oc__state_borrow(oc_state **out, oc_device *device, const oc_graph *graph, oc_error *err);
/* doubt.c: fails if a state is uncertain: it is then to be written or restored before anything else. */
oc_status oc__state_check(const oc_state *state, oc_error *err);
oc_status oc__entry_check(const oc_state *state, const oc__state_entry *entry, oc_error *err);
/* The same memory for execs on another device that has it too (oc__device_has_memory_of); its version is for its owner to count. */
oc_status oc__state_share(oc_state **out, oc_state *from, oc_device *device, oc_error *err);
/* frozen.c: the plan's own frozen state, made once, for all execs that are given none. */
oc_status oc__plan_own_state(oc_plan *plan, oc_state **out, oc_error *err);
/* Gives back what only derived steps read; the state is the plan's own, and they have run. Under the state's lock. */
void oc__plan_give_back(oc_plan *plan);

/* checkpoint.c: the elements of all states, one behind another, in memory of oc__state_bytes(), and back into a state of the same graph. */
uint64_t oc__state_bytes(const oc_state *state);
oc_status oc__state_copy_out(oc_state *state, uint8_t *out, oc_error *err);
oc_status oc__state_copy_in(oc_state *state, const uint8_t *from, oc_error *err);
/* checkpoint.c: only the note of a file that oc_state_save() wrote. */
oc_status oc__state_read_note(oc_state *state, const char *path, char *note, size_t note_size, oc_error *err);

#endif
