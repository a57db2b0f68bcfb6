// Contour: lists of segments by cell, a pixel row and 32 columns of it, the margin around the image included.
//
// A segment is in the lists of all cells that it passes through (and of neighbours within a pixel: rounding must not
// lose it). Where it crosses the centre of a row, one of them is its home there; `steps` sums over the crossings at
// home in a cell how the number of faces changes. So the faces over a point are the sum of the cells to its left plus
// what its own cell's list says, and only segments that share a cell are compared with each other.
#pragma once
#include "renderer/core/contour.h"
#include "renderer/cuda/scene.h"

namespace penumbra::device {

// A projected contour edge, cut at the near plane. 64 bytes. An end with second vertex >= 0 lies on that mesh edge.
struct Segment {
  float ax, ay, bx, by;      // pixels
  float slope, left, right;  // dx / dy, extent in x
  int net;                   // 0: projects to nothing that matters
  int row0, row1;            // rows it touches, within the guard band
  int a, a2, b, b2;          // vertices of its ends
  int slot;
  int cuts;  // first of the list of its cuts, -1
};

// A segment in the list of one cell.
struct CellNode {
  int next, segment, cell;
};

struct Bins {
  int first, last;
};

struct Cells {
  int* first;  // [slot][row + margin][bin], -1: empty
  int* steps;  // [slot][row + margin][bin]
  CellNode* nodes;
  int rowsPerSlot, binsPerRow, marginBins, nodeCapacity;

  // Of the first bin of a row.
  PENUMBRA_HD Index row(int slot, int row, int margin) const {
    return (Index(slot) * rowsPerSlot + row + margin) * binsPerRow;
  }
  PENUMBRA_HD int bin(float x) const {
    return rowOf(x * (1.0f / kBlock), -marginBins, binsPerRow - 1 - marginBins) + marginBins;
  }
  // Bins of the segment in one of its rows.
  PENUMBRA_HD Bins bins(const Segment& s, int row) const {
    const float low = smaller(s.ay, s.by), high = larger(s.ay, s.by);
    const float x0 = crossingX(s.ax, s.ay, s.slope, larger(low, float(row)));
    const float x1 = crossingX(s.ax, s.ay, s.slope, smaller(high, float(row + 1)));
    const float from = larger(smaller(x0, x1), s.left), to = smaller(larger(x0, x1), s.right);
    return from <= to ? Bins{bin(from - 1), bin(to + 1)} : Bins{bin(s.left - 1), bin(s.right + 1)};  // horizontal: all
  }
  // Where the segment is at home when it crosses the row at x.
  PENUMBRA_HD int home(const Segment& s, int row, float x) const {
    const Bins range = bins(s, row);
    const int at = bin(x);
    return at < range.first ? range.first : (at > range.last ? range.last : at);
  }
};

// Enters a segment into the lists of its cells. False when there is not room for all.
struct CellWriter {
  Cells cells;
  Counters* counters;

  PENUMBRA_HD bool operator()(const Segment& s, int place, int margin) const {
    int count = 0;
    for (int y = s.row0; y <= s.row1; ++y) {
      const Bins range = cells.bins(s, y);
      count += range.last - range.first + 1;
    }
    const std::int64_t taken = take(&counters->now.nodes, count);
    if (taken > cells.nodeCapacity - count) return false;
    int node = int(taken);
    for (int y = s.row0; y <= s.row1; ++y) {
      const Bins range = cells.bins(s, y);
      const Index row = cells.row(s.slot, y, margin);
      for (int b = range.first; b <= range.last; ++b, ++node) {
        cells.nodes[node].segment = place;
        cells.nodes[node].cell = int(row) + b;
        cells.nodes[node].next = exchange(&cells.first[row + b], node);
      }
      const float centre = float(y) + 0.5f;
      if (!spansRow(s.ay, s.by, centre)) continue;
      const int home = cells.home(s, y, crossingX(s.ax, s.ay, s.slope, centre));
      add(&cells.steps[row + home], countStep(s.ay, s.by, s.net));
    }
    return true;
  }
};

}  // namespace penumbra::device
