/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file ocelli.h
 * All public headers but opencl.h, which is for programs that bring OpenCL objects of their own.
 *
 * How things hang together: an oc_context (context.h) holds the log, the allocator and the cache folder; an oc_device
 * (device.h) is an OpenCL device that was opened; an oc_graph (graph.h) is values and nodes, built with the functions of
 * op/ or read from ONNX (onnx.h); an oc_plan (plan.h) is a graph compiled for devices; an oc_exec (exec.h) runs it; an
 * oc_state (state.h) keeps parameters between runs; train.h trains. The ops can also be used one at a time, without a graph
 * (op.h).
 *
 * What holds everywhere, unless a function says otherwise:
 * - Errors. What can fail returns an oc_status, or a pointer that is then NULL, and takes a last oc_error, which may be
 *   NULL, for one sentence that says why (error.h). Outputs are untouched on failure. Functions that add to a graph pass
 *   NULL operands on: the graph keeps its first error, which oc_graph_check() tells, so that a chain of calls need be
 *   looked at once.
 * - Ownership. What oc_x_create() gives is destroyed by oc_x_destroy(&x), which sets it to NULL. Values belong to their
 *   graph. Names and tensors that are passed in are copied.
 * - Threads. A context, a device and a plan may be used by any number of threads at once, other objects by one at a time,
 *   unless their header says more. Nothing is global.
 * - Shapes are row-major, sizes 64-bit; an axis that is negative is counted from the end; a size may be 0, or a symbol that a
 * plan binds.
 */
#ifndef OCELLI_OCELLI_H
#define OCELLI_OCELLI_H

#include <ocelli/bench.h>
#include <ocelli/context.h>
#include <ocelli/custom.h>
#include <ocelli/data.h>
#include <ocelli/device.h>
#include <ocelli/error.h>
#include <ocelli/event.h>
#include <ocelli/exec.h>
#include <ocelli/gradcheck.h>
#include <ocelli/graph.h>
#include <ocelli/log.h>
#include <ocelli/net.h>
#include <ocelli/onnx.h>
#include <ocelli/op.h>
#include <ocelli/op/conv.h>
#include <ocelli/op/deform.h>
#include <ocelli/op/det.h>
#include <ocelli/op/einsum.h>
#include <ocelli/op/eltwise.h>
#include <ocelli/op/index.h>
#include <ocelli/op/layer.h>
#include <ocelli/op/loss.h>
#include <ocelli/op/lrn.h>
#include <ocelli/op/matmul.h>
#include <ocelli/op/metric.h>
#include <ocelli/op/norm.h>
#include <ocelli/op/pool.h>
#include <ocelli/op/random.h>
#include <ocelli/op/reduce.h>
#include <ocelli/op/resample.h>
#include <ocelli/op/roi.h>
#include <ocelli/op/select.h>
#include <ocelli/op/shape.h>
#include <ocelli/op/softmax.h>
#include <ocelli/plan.h>
#include <ocelli/state.h>
#include <ocelli/summary.h>
#include <ocelli/tensor.h>
#include <ocelli/train.h>
#include <ocelli/version.h>

#endif
