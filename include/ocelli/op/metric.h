/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/metric.h
 * How well classes are found; made of other ops' nodes, without gradients.
 */
#ifndef OCELLI_OP_METRIC_H
#define OCELLI_OP_METRIC_H

#include <ocelli/graph.h>

OC_BEGIN

/**
 * The share of samples whose class is among those of the k largest scores, of equal ones the first; a scalar of f32.
 * @param scores (N, classes), the number of classes a number. @param labels (N) of i64 or i32; no class number: never found.
 * @param k 1: top-1; more than there are classes: all.
 */
OC_EXPORT oc_value *oc_accuracy(oc_graph *graph, oc_value *scores, oc_value *labels, int64_t k, oc_error *err);
/**
 * How many samples of each class (row) have their largest score in each class (column), of equal ones the first.
 * @param scores, labels as of oc_accuracy(); labels that are no class number are not counted.
 * @return (classes, classes) of f32: exact up to 2^24.
 */
OC_EXPORT oc_value *oc_confusion_matrix(oc_graph *graph, oc_value *scores, oc_value *labels, oc_error *err);

OC_END

#endif
