/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file ocelli.h
 * Everything but opencl.h.
 */
#ifndef OCELLI_OCELLI_H
#define OCELLI_OCELLI_H

#include <ocelli/bench.h>
#include <ocelli/context.h>
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
