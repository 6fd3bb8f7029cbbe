/* SPDX-License-Identifier: Apache-2.0 */
/* What the floors above see of OpenCL: no <CL/cl.h>, no handles of its. */
#ifndef OC_DEVICE_PRIVATE_H
#define OC_DEVICE_PRIVATE_H

#include <ocelli/device.h>
#include <ocelli/event.h>

#include "base/base.h"

typedef struct oc__buffer oc__buffer;
typedef struct oc__queue oc__queue;
typedef struct oc__program oc__program;
typedef struct oc__kernel oc__kernel;
typedef oc_event oc__event;

/* What solvers decide by; filled when the device is opened. */
/* How kernels can use sub-groups: by Intel's extension of OpenCL C 1.2, or by the later standard's. */
typedef enum oc__sub_groups { OC_SUB_GROUPS_NONE, OC_SUB_GROUPS_INTEL, OC_SUB_GROUPS_KHR } oc__sub_groups;
/* In the defines of a program of the latter kind. */
#define OC_DEFINE_SUB_GROUPS "#define SUB_GROUPS_KHR\n"

typedef struct oc__caps {
    oc_device_type type;
    uint32_t compute_units;
    uint64_t max_work_group, local_mem, max_alloc, global_mem;
    uint32_t address_bits, align;
    bool fp16, fp64, out_of_order, unified_memory;
    bool half_arithmetic; /* in half precision, subnormal numbers too */
    oc__sub_groups sub_groups;
    bool fast_fma;       /* CL_FP_FMA or FP_FAST_FMAF: fma() is one instruction */
    uint32_t simd_width; /* floats a hardware vector holds: preferred vector width, at least 1 */
    uint32_t simt_width; /* work-items that run in lockstep (kernel's preferred multiple); 1: one item is a whole thread.
                            A CPU driver that vectorizes over work-items but loses nothing with one-item groups: 1 */
    double peak_flops;   /* a guess from units, clock and width until measured; FLOP/s */
    double peak_bytes;   /* likewise; B/s */
    double launch_seconds, group_seconds; /* likewise: per launch, per work-group */
} oc__caps;
const oc__caps *oc__device_caps(const oc_device *device);
oc_context *oc__device_context(const oc_device *device);
/* Platform, name, driver version, and for CPU devices the host CPU: what results depend on. Lives with the device. */
const char *oc__device_key(const oc_device *device);
/* The queue everything goes to unless another is made: in order as seen from here. */
oc__queue *oc__device_queue(oc_device *device);
/* OC_ERROR_FORKED in a forked child, else OC_OK. Called by every function that submits. */
oc_status oc__device_check(oc_device *device, oc_error *err);
/* Whether they are of one OpenCL context, and so reach each other's buffers. */
bool oc__device_shares(const oc_device *a, const oc_device *b);
/* Those that are, and moreover compute in the host's own memory: what one writes the other has, without a copy, when it is done. */
bool oc__device_has_memory_of(const oc_device *a, const oc_device *b);
/* The bytes allocated on the device now and at most. */
void oc__device_usage(oc_device *device, uint64_t *used, uint64_t *peak);
/* A text remembered with the device while it is open (verdicts, measurements): thread-safe; value is copied. */
bool oc__device_note_get(oc_device *device, const char *key, char *value, size_t size);
/* Calls visit for each text, under the device's lock. */
void oc__device_note_each(oc_device *device, void (*visit)(void *user, const char *key, const char *value), void *user);
void oc__device_note_set(oc_device *device, const char *key, const char *value);

/* buffer.c: reference-counted; never zeroed; size is at least 1 and at most max_alloc (else OC_ERROR_LIMIT). */
oc_status oc__buffer_create(oc__buffer **out, oc_device *device, uint64_t size, oc_error *err);
/* The same, of memory of the caller's that lives longer than the buffer, is aligned to 64 bytes, and is only read; where host and
 * device share memory, nothing is copied. */
oc_status oc__buffer_borrow(oc__buffer **out, oc_device *device, const void *host, uint64_t size, oc_error *err);
oc__buffer *oc__buffer_retain(oc__buffer *buffer);
void oc__buffer_release(oc__buffer **buffer);
uint64_t oc__buffer_size(const oc__buffer *buffer);
oc_device *oc__buffer_device(const oc__buffer *buffer);

/* queue.c: an in-order queue. One thread at a time may use it, except the device's own queue, whose calls lock. */
oc_status oc__queue_create(oc__queue **out, oc_device *device, bool profiling, oc_error *err);
void oc__queue_destroy(oc__queue **queue);
oc_device *oc__queue_device(const oc__queue *queue);
bool oc__queue_profiling(const oc__queue *queue);
/* `wait`: `src` may be changed when it returns; what OpenCL calls blocking does not say that the bytes are in `dst` by then, which
 * other queues would have to wait for. */
oc_status oc__queue_write(oc__queue *queue, oc__buffer *dst, uint64_t offset, const void *src, uint64_t size, bool wait,
                          oc_error *err);
/* Writes, and waits until every queue finds the bytes in `dst`. */
oc_status oc__queue_upload(oc__queue *queue, oc__buffer *dst, uint64_t offset, const void *src, uint64_t size, oc_error *err);
oc_status oc__queue_read(oc__queue *queue, const oc__buffer *src, uint64_t offset, void *dst, uint64_t size, bool wait,
                         oc_error *err);
oc_status oc__queue_copy(oc__queue *queue, const oc__buffer *src, uint64_t src_offset, oc__buffer *dst,
                         uint64_t dst_offset, uint64_t size, oc_error *err);
/* The whole buffer in the host's memory, to be read and written there until it is unmapped, and by no kernel meanwhile. Waits. */
oc_status oc__queue_map(oc__queue *queue, oc__buffer *buffer, void **host, oc_error *err);
/* A part of it; size is at least 1. */
oc_status oc__queue_map_part(oc__queue *queue, oc__buffer *buffer, uint64_t offset, uint64_t size, void **host, oc_error *err);
oc_status oc__queue_unmap(oc__queue *queue, oc__buffer *buffer, void **host, oc_error *err); /* nulls it; NULL: does nothing */
/* Fills with a 1, 2, 4, 8 or 16 byte pattern; offset and size are multiples of it. */
oc_status oc__queue_fill(oc__queue *queue, oc__buffer *dst, uint64_t offset, uint64_t size, const void *pattern,
                         size_t pattern_size, oc_error *err);
oc_status oc__queue_flush(oc__queue *queue, oc_error *err);
oc_status oc__queue_finish(oc__queue *queue, oc_error *err);
/* What is submitted after this waits for the event, which may be of another device or platform. */
oc_status oc__queue_wait_event(oc__queue *queue, oc__event *event, oc_error *err);
/* An event that is done when all that was submitted so far is. */
oc_status oc__queue_mark(oc__queue *queue, oc__event **out, oc_error *err);

/* signal.c: an event that a thread of the host sets. */
typedef struct oc__signal oc__signal;
oc_status oc__signal_create(oc__signal **out, oc_context *context, oc_error *err);
oc__signal *oc__signal_retain(oc__signal *signal);
void oc__signal_release(oc__signal **signal);
/* Once; `error`: what those who wait get, NULL for success. */
void oc__signal_set(oc__signal *signal, const oc_error *error);
oc_status oc__signal_wait(oc__signal *signal, oc_error *err);
/* An event on it, which keeps a count of its own. */
oc_status oc__signal_event(oc__event **out, oc_device *device, oc__signal *signal, oc_error *err);

/* event.c; the public oc_event_wait and oc_event_destroy live here too. */
oc_status oc__event_wait(oc__event *event, oc_error *err);
void oc__event_destroy(oc__event **event);
/* Device seconds from start to end; needs a profiling queue. */
oc_status oc__event_seconds(oc__event *event, double *seconds, oc_error *err);
oc_status oc__event_times(oc__event *event, uint64_t *start_ns, uint64_t *end_ns, oc_error *err);

/* program.c: a `.cl` file, after a text of #defines, built for a device: from memory, from the disk cache, or anew.
 * Programs belong to the device and live as long as it. Thread-safe. `built` (may be NULL): whether it was compiled. */
oc_status oc__program_get(oc__program **out, oc_device *device, const char *file, const char *defines, oc_error *err);
/* The same of a text that is no file of the library's, whose name is then for reports only. NULL: oc__program_get(). */
oc_status oc__program_get_text(oc__program **out, oc_device *device, const char *name, const char *defines, const char *source,
                               oc_error *err);
/* Assembled source text: defines, then the file with its #include "x.clh" lines replaced. */
oc_status oc__program_source(oc_context *context, const char *file, const char *defines, oc__string *out, oc_error *err);
oc_status oc__program_source_text(oc_context *context, const char *name, const char *defines, const char *source, oc__string *out,
                                  oc_error *err);
uint64_t oc__device_program_count(oc_device *device); /* programs got so far, for reports */
/* What trust and programs have cost since the device was opened. */
typedef struct oc__costs {
    uint64_t programs_built; /* from source: they were in no cache of ours */
    double build_seconds;    /* in clBuildProgram for them; some drivers compile kernels only at their first launch */
    uint64_t verdicts;       /* verifications that were run, not remembered */
    double verify_seconds, first_run_seconds; /* in all of them, builds included; in their launches */
} oc__costs;
oc__costs oc__device_costs(oc_device *device);
void oc__device_count_verdict(oc_device *device, double seconds, double first_run_seconds);

/* kernel.c: one object, used by one thread at a time. */
oc_status oc__kernel_create(oc__kernel **out, oc__program *program, const char *name, oc_error *err);
/* OC_ERROR_INVALID: it takes another number of arguments. */
oc_status oc__kernel_check_args(const oc__kernel *kernel, const char *file, uint32_t count, oc_error *err);
void oc__kernel_destroy(oc__kernel **kernel);
oc_status oc__kernel_set_buffer(oc__kernel *kernel, uint32_t index, const oc__buffer *buffer, oc_error *err);
oc_status oc__kernel_set_value(oc__kernel *kernel, uint32_t index, const void *value, size_t size, oc_error *err);
oc_status oc__kernel_set_local(oc__kernel *kernel, uint32_t index, size_t size, oc_error *err);
typedef struct oc__range {
    uint32_t dims;      /* 1 to 3 */
    uint64_t global[3]; /* multiples of local, none zero */
    uint64_t local[3];
} oc__range;
/* event may be NULL; else it receives an event to be destroyed. */
oc_status oc__queue_launch(oc__queue *queue, oc__kernel *kernel, const oc__range *range, oc__event **event, oc_error *err);

/* clblast.c: C (m x n, row-major, leading dimension ldc) = alpha * op(A) * op(B) + beta * C, batched; offsets and strides
 * in elements. OC_ERROR_UNSUPPORTED when built without CLBlast, or where it is not there. */
bool oc__clblast_available(void);
typedef struct oc__gemm {
    bool trans_a, trans_b;
    uint64_t m, n, k, batch;
    float alpha, beta;
    oc__buffer *a, *b, *c;
    uint64_t a_offset, b_offset, c_offset;
    uint64_t lda, ldb, ldc;
    uint64_t a_stride, b_stride, c_stride;
} oc__gemm;
oc_status oc__clblast_sgemm(oc__queue *queue, const oc__gemm *gemm, oc_error *err);

/* cache.c: small files kept under a key, in the context's cache folder. Any fault is a log line and a miss. */
bool oc__cache_get(oc_context *context, const char *kind, const char *key, oc__string *out); /* binary-safe: out->size */
void oc__cache_put(oc_context *context, const char *kind, const char *key, const void *data, size_t size);
/* Keeps other processes from writing find.db, which lies there too, until unlocked; -1: it cannot be locked. */
int oc__cache_lock(oc_context *context);
void oc__cache_unlock(int lock);

#endif
