// How dense the Gauss-Newton solver makes its meshes, and what it tells of that.
#include <gtest/gtest.h>

#include <cmath>

#include "optim/fit/fitter.h"
#include "optim/newton/face_turn.h"
#include "tests/support/newton_problem.h"
#include "tests/support/small_meshes.h"

namespace penumbra {
namespace {

double turnOf(const Mesh& mesh) { return medianTurn(mesh.positions, buildTopology(int(mesh.positions.size()), mesh.faces)); }

Mesh bumpyEgg() {
  Mesh mesh = eggMesh(6);
  for (glm::vec3& p : mesh.positions) p *= 1 + 0.06f * std::sin(16 * p.x) * std::sin(16 * p.y) * std::sin(16 * p.z);
  return mesh;
}

// Outlines stay rough where the surface is too stiff to follow them.
FitOptions stiffOptions() {
  FitOptions o = smallNewtonOptions();
  o.views = 6;
  o.heldOutViews = 0;
  o.size = 200;
  o.prior = 300;
  return o;
}

int lastLevel(Fitter& fitter) {
  int level = -1;
  for (int i = 0; i < 80 && !fitter.converged(); ++i) level = fitter.iterate().level;
  EXPECT_TRUE(fitter.converged());
  return level;
}

TEST(MedianTurn, isTheEdgeTimesTheCurvature) {
  // Edges of an icosphere are 1.05 rad over 2^n long, and neighbouring centres of faces 1/sqrt(3) of that apart.
  for (const int level : {3, 4, 5}) EXPECT_NEAR(turnOf(icosphere(level)), 60 / std::sqrt(3.0) / (1 << level), 15.0 / (1 << level)) << level;
  EXPECT_NEAR(turnOf(icosphere(4)) / turnOf(icosphere(5)), 2, 0.1);
}

TEST(MedianTurn, doesNotCountCreasesAndBorders) {
  Mesh roof;  // two flat sides of 5 x 5 squares that meet at a right angle
  for (int y = 0; y <= 5; ++y)
    for (int x = -5; x <= 5; ++x) roof.positions.emplace_back(x, y, -std::abs(x));
  for (int y = 0; y < 5; ++y)
    for (int x = 0; x < 10; ++x) {
      const int a = 11 * y + x;
      roof.faces.emplace_back(a, a + 1, a + 12);
      roof.faces.emplace_back(a, a + 12, a + 11);
    }
  EXPECT_NEAR(turnOf(roof), 0, 0.05);
  EXPECT_EQ(turnOf(Mesh{{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}}, {{0, 1, 2}}}), 0) << "no edge between two faces";
}

TEST(NewtonLevels, theDensestIsForFacesThatTurn) {
  const FitOptions o = stiffOptions();
  NewtonProblem p(bumpyEgg(), o);
  p.options.finestTurn = 90;
  Fitter fitter(p.views, p.options, p.pool);
  EXPECT_EQ(lastLevel(fitter), 1);
  const std::size_t coarse = fitter.state().positions.size();
  p.options.finestTurn = 0;
  fitter.setOptions(p.options);
  EXPECT_FALSE(fitter.converged()) << "goes on with what it is to do now";
  EXPECT_EQ(lastLevel(fitter), 2);
  EXPECT_GT(double(fitter.state().positions.size()), 1.4 * double(coarse));
}

TEST(NewtonLevels, areToldWithDampingAndVerticesHeldBack) {
  NewtonProblem p(eggMesh());
  Fitter fitter(p.views, p.options, p.pool);
  Metrics m = fitter.iterate();
  EXPECT_EQ(m.level, 0);
  EXPECT_EQ(m.levels, 3);
  EXPECT_GT(m.damping, 0);
  EXPECT_GE(m.heldBack, 0);
  p.options.coarseToFine = false;
  fitter.setOptions(p.options);
  EXPECT_EQ(fitter.iterate().level, -1);
  p.options.solver = SolverKind::Gradient;
  fitter.setOptions(p.options);
  m = fitter.iterate();
  EXPECT_EQ(m.level, -1);
  EXPECT_EQ(m.damping, 0);
  EXPECT_EQ(m.heldBack, -1);
}

}  // namespace
}  // namespace penumbra
