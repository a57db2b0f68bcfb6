// When a gradient fit has got as far as it can, so that it may end before its planned iterations are over.
//
// Looked at after each adaptation (adaptation.h), once sigma is as sharp as it gets (kLeastBand or its end). The fit
// has gained when, since it last did,
//   r < (1 - kGain) r0      the outlines have come nearer to the masks',
//   |s - s0| > kGrowth s0   they have become longer or shorter: parts of the masks that no outline is near, which r
//                           does not show, are reached by outlines that grow,
//   F > (1 + kFaces) F0     or the mesh has been refined, which may pay off later.
// It has converged when it has not for kShare of the planned iterations, and kLeast of them at least. The learning rate
// falls by the same factor over every such share (schedule.h): finer steps have been tried by then as well.
// r mean distance of the outlines to the masks' [px], s length of all outlines [px], F number of faces.
// Measured on the models in assets/ (24 views, 256 px, from a sphere, 500 iterations): the avocado stops at 300; with
// "Watch it grow" at 440, and the tree, when it may have 40000 faces at most, at 390; the others go on to the end.
// None would have gained 0.0002 IoU on held-out views. At 64 px, where a pixel is worth more, it was up to 0.0007.
#pragma once
#include "optim/fit/fit_state.h"

namespace penumbra {

class StallTest {
 public:
  static constexpr double kGain = 0.01, kGrowth = 0.001, kFaces = 0.02, kShare = 0.12;
  static constexpr int kLeast = 50;

  struct Signs {
    double outlinePx = -1, outlineLength = 0;  // as OutlineResiduals
    int faces = 0;
    bool sharp = false;                        // sigma does not fall any further
  };
  // After `steps` more iterations of `planned`.
  static void watch(StallState& state, const Signs& now, int steps, int planned);
};

}  // namespace penumbra
