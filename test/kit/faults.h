/* SPDX-License-Identifier: Apache-2.0 */
/* OpenCL and host memory that fail where they are told to: every call and every allocation is counted, every object that was made or
 * retained and not released again. One set of counts for the process; a context is under it once faults_install() was called. */
#ifndef KIT_FAULTS_H
#define KIT_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include <ocelli/context.h>

typedef enum faults_kind { FAULTS_CONTEXT, FAULTS_QUEUE, FAULTS_BUFFER, FAULTS_PROGRAM, FAULTS_KERNEL, FAULTS_EVENT, FAULTS_KINDS } faults_kind;

/* What is to fail: the call-th OpenCL call, the allocation-th host allocation (0: none). */
typedef struct faults_order {
    uint64_t call, allocation;
    bool for_good; /* and all that come after it, as when a device is lost */
} faults_order;

typedef struct faults_counts {
    uint64_t calls, allocations;   /* since faults_arm() */
    uint64_t failed, failed_buffers; /* of them: in all, and those that asked for device memory; since the process began */
    uint64_t failed_allocations;
    const char *last;              /* the call that failed last; NULL: none since faults_arm() */
    int64_t live[FAULTS_KINDS];    /* objects */
    int64_t blocks, bytes;         /* host memory */
} faults_counts;

/* Host memory for oc_context_params.allocator. */
oc_allocator faults_allocator(void);
/* Puts the failing functions into a context's table. False where there is no OpenCL. */
bool faults_install(oc_context *context);
/* Begins counting at zero. */
void faults_arm(faults_order order);
/* Nothing fails any more. */
void faults_disarm(void);
faults_counts faults_get(void);
const char *faults_kind_name(faults_kind kind);
/* How often a function of OpenCL was called since the process began. */
uint64_t faults_calls(const char *name);
/* The number (faults_each) of the function that was called as the call-th since faults_arm(); -1: that is not known any more. */
int faults_function(uint64_t call);
#define FAULTS_FUNCTIONS 64
/* Calls visit for each OpenCL function: how often it was called, and failed by order. */
void faults_each(void (*visit)(const char *name, uint64_t calls, uint64_t failed));

#endif
