// Whole Gauss-Newton fits: what they promise of shape, exactness, exchange of solvers and wrong masks.
#include "optim/newton/newton_solver.h"

#include <gtest/gtest.h>

#include "optim/fit/coverage_pass.h"
#include "optim/fit/fitter.h"
#include "renderer/topology.h"
#include "tests/support/newton_problem.h"
#include "tests/support/small_meshes.h"

namespace penumbra {
namespace {

TEST(NewtonSolver, isWhatAutoMeansFromTheHull) {
  NewtonProblem p(eggMesh());
  EXPECT_EQ(resolvedStart(p.options, *p.views), StartShape::Hull);
  EXPECT_EQ(resolvedSolver(p.options, *p.views), SolverKind::Newton);
  p.options.start = StartShape::Sphere;
  EXPECT_EQ(resolvedSolver(p.options, *p.views), SolverKind::Gradient);
  ViewSet few = *p.views;
  few.train.resize(kFewestHullViews - 1);
  EXPECT_EQ(resolvedStart(FitOptions{}, few), StartShape::Sphere);
}

TEST(NewtonSolver, convergesBeyondTheHull) {
  for (const Mesh& model : {eggMesh(), torusMesh(40, 20)}) {
    NewtonProblem p(model);
    Fitter fitter(p.views, p.options, p.pool);
    const HeldOutMetrics hull = fitter.measureHeldOut();
    int steps = 0;
    Metrics m;
    while (!fitter.converged() && steps < 60) {
      m = fitter.iterate();
      EXPECT_EQ(m.iteration, ++steps);
      EXPECT_NEAR(m.loss, m.silhouette + m.thinPlate, 1e-9 * m.loss);
    }
    EXPECT_TRUE(fitter.converged());
    EXPECT_LT(m.outlinePx, 0.15);
    EXPECT_GT(m.trainIoU, 0.985);
    const HeldOutMetrics fitted = fitter.measureHeldOut();
    EXPECT_GT(1 - hull.iou, 1.5 * (1 - fitted.iou)) << "better than the hull on views it never saw";
    const auto summary = summarise(buildTopology(int(fitter.state().positions.size()), fitter.state().faces));
    EXPECT_TRUE(summary.closed());
    EXPECT_EQ(summary.components, 1);
  }
}

TEST(NewtonSolver, givesTheSameBitsForAnyNumberOfThreadsAndGoesOnExactly) {
  const auto run = [](int threads, int pauseAt) {
    NewtonProblem p(eggMesh(), smallNewtonOptions(), threads);
    Fitter fitter(p.views, p.options, p.pool);
    for (int i = 0; i < 18; ++i) {
      if (i == pauseAt) {
        Fitter resumed(p.views, p.options, p.pool, fitter.state());
        for (; i < 18; ++i) resumed.iterate();
        return resumed.state().positions;
      }
      fitter.iterate();
    }
    return fitter.state().positions;
  };
  const auto one = run(1, -1);
  EXPECT_TRUE(sameBits(one, run(3, -1)));
  for (const int pause : {3, 10, 15}) EXPECT_TRUE(sameBits(one, run(2, pause))) << pause;
}

TEST(NewtonSolver, canBeExchangedWithTheGradientAtAnyTime) {
  NewtonProblem p(eggMesh());
  Fitter fitter(p.views, p.options, p.pool);
  for (const SolverKind kind : {SolverKind::Newton, SolverKind::Gradient, SolverKind::Newton, SolverKind::Gradient}) {
    p.options.solver = kind;
    const auto before = fitter.state().positions;
    fitter.setOptions(p.options);
    EXPECT_TRUE(sameBits(before, fitter.state().positions));
    const int from = fitter.state().iteration;
    for (int i = 0; i < 4; ++i) fitter.iterate();
    EXPECT_EQ(fitter.state().iteration, from + 4);
    EXPECT_EQ(fitter.vertexGradient().size(), fitter.state().positions.size());
    EXPECT_EQ(fitter.coverage(0).width, 72);
    EXPECT_GT(fitter.viewIoU()[0], 0.9f);
  }
}

TEST(NewtonSolver, beginsAnewWhenThePriorChanges) {
  NewtonProblem p(eggMesh());
  Fitter fitter(p.views, p.options, p.pool);
  Metrics m;
  for (int i = 0; i < 60 && !fitter.converged(); ++i) m = fitter.iterate();
  ASSERT_TRUE(fitter.converged());
  p.options.prior = 100;
  fitter.setOptions(p.options);
  EXPECT_FALSE(fitter.converged());
  int steps = 0;
  Metrics stiff;
  for (; steps < 60 && !fitter.converged(); ++steps) stiff = fitter.iterate();
  EXPECT_GT(steps, 2);
  EXPECT_GT(stiff.outlinePx, m.outlinePx) << "a stiff surface keeps farther from the masks";
}

TEST(NewtonSolver, staysWithinTheLimitsOfFacesAndEdges) {
  NewtonProblem p(eggMesh());
  Fitter fitter(p.views, p.options, p.pool);
  const auto facesOnceConverged = [&](int maxFaces, double minEdge) {
    p.options.maxFaces = maxFaces;
    p.options.minEdge = minEdge;
    fitter.setOptions(p.options);
    for (int i = 0; i < 60 && (i == 0 || !fitter.converged()); ++i) fitter.iterate();
    return int(fitter.state().faces.size());
  };
  const int free = facesOnceConverged(64000, 1.3);
  ASSERT_GT(free, 2500);
  const int few = facesOnceConverged(1000, 1.3);  // while it runs, too
  EXPECT_LE(few, 1000);
  EXPECT_GT(few, 600);
  fitter.reset();
  const int from = facesOnceConverged(1000, 1.3);
  EXPECT_LE(from, 1000);
  EXPECT_GT(from, 600);
  fitter.reset();
  const int wide = facesOnceConverged(64000, 6);
  EXPECT_NEAR(double(free) / wide, 9, 3) << "edges three times as long";
}

TEST(NewtonSolver, keepsTheTrianglesWhenItIsNotToRefine) {
  FitOptions o = smallNewtonOptions();
  o.coarseToFine = false;
  NewtonProblem p(eggMesh(), o);
  Fitter fitter(p.views, o, p.pool);
  const auto faces = fitter.state().faces;
  for (int i = 0; i < 20; ++i) fitter.iterate();
  EXPECT_EQ(fitter.state().faces, faces);
}

// One mask of 24 lacks a side; the others outvote it when the loss is robust.
TEST(NewtonSolver, trustsAWrongMaskLessWhenRobust) {
  FitOptions o = smallNewtonOptions();
  o.views = 24;
  NewtonProblem p(eggMesh(), o);
  ViewSet wrong = *p.views;
  Mask& mask = wrong.train[3].mask;
  const Mask right = mask;
  for (int y = 0; y < mask.height; ++y)
    for (int x = 8; x < mask.width; ++x) mask.at(x, y) = std::min(right.at(x, y), right.at(x - 8, y));
  double iou[2];
  for (const int robust : {0, 1}) {
    p.options.robust = robust;
    Fitter fitter(std::make_shared<const ViewSet>(wrong), p.options, p.pool);
    for (int i = 0; i < 30 && !fitter.converged(); ++i) fitter.iterate();
    iou[robust] = fitter.measureHeldOut().iou;
  }
  EXPECT_GT(iou[1], iou[0]);
  EXPECT_GT(iou[1], 0.96);
}

TEST(NewtonSolver, goesThroughMasksThatTheFrameCuts) {
  NewtonProblem p(eggMesh());
  ViewSet cut = *p.views;
  for (std::size_t v = 0; v < cut.train.size(); v += 2) {  // half of the images, cropped
    View& view = cut.train[v];
    Mask part(48, 72);
    for (int y = 0; y < 72; ++y)
      for (int x = 0; x < 48; ++x) part.at(x, y) = view.mask.at(x, y);
    view.mask = part;
    view.camera.width = 48;
  }
  Fitter fitter(std::make_shared<const ViewSet>(cut), p.options, p.pool);
  const double before = fitter.measureHeldOut().iou;
  for (int i = 0; i < 25; ++i) fitter.iterate();
  EXPECT_GT(fitter.measureHeldOut().iou, before);
  EXPECT_GT(fitter.measureHeldOut().iou, 0.95);
}

TEST(NewtonSolver, stopsBetweenViewsAndChangesNothing) {
  NewtonProblem p(eggMesh());
  Fitter fitter(p.views, p.options, p.pool);
  const FitState before = fitter.state();
  std::atomic<bool> stop{true};
  fitter.setStopFlag(&stop);
  EXPECT_THROW(fitter.iterate(), Interrupted);  // the first step also makes the mesh coarse
  EXPECT_TRUE(sameBits(before.positions, fitter.state().positions));
  EXPECT_EQ(before.faces, fitter.state().faces);
  EXPECT_EQ(fitter.state().iteration, 0);
  stop = false;
  EXPECT_EQ(fitter.iterate().iteration, 1);
}

}  // namespace
}  // namespace penumbra
