// Errors of whole views: their derivatives, their elimination, and that they are found where there are any.
#include "optim/newton/view_correction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include <Eigen/Dense>

#include "optim/hull/visual_hull.h"
#include "optim/newton/newton_step.h"
#include "optim/targets/distance_field.h"
#include "renderer/core/projection.h"
#include "renderer/topology.h"
#include "tests/support/newton_problem.h"

namespace penumbra {
namespace {

FitOptions viewOptions(int views = 16, int size = 192) {
  FitOptions options = smallNewtonOptions();
  options.views = views;
  options.size = size;
  return options;
}

// Without a symmetry: a camera that turns around an axis of the object sees the same.
Mesh lumpyMesh() {
  Mesh mesh = eggMesh();
  for (glm::vec3& p : mesh.positions)
    p *= 0.8f + 0.13f * std::sin(5 * p.x + 1) + 0.1f * std::sin(4 * p.y - 2 * p.z) + 0.12f * std::cos(6 * p.z + 2 * p.x);
  return mesh;
}

// Different for every view and unknown, in [-size, size].
ViewVector error(std::size_t view, double size) {
  ViewVector q;
  for (int k = 0; k < kViewUnknowns; ++k) q[k] = size * std::sin(3.1 * double(view) + 1.7 * k + 0.4);
  return q;
}

std::shared_ptr<const ViewSet> disturbed(const ViewSet& clean, double camera, double width) {
  auto views = std::make_shared<ViewSet>(clean);
  for (std::size_t v = 0; v < views->train.size(); ++v) {
    View& view = views->train[v];
    ViewVector q = error(v, camera);
    q[kViewUnknowns - 1] = 0;
    view.camera = movedCamera(view.camera, q);
    if (width == 0) continue;
    Mask wider = signedDistance(view.mask);
    const float shift = float(v % 2 ? width : -width);
    for (float& d : wider.pixels) d = std::clamp(d + shift + 0.5f, 0.0f, 1.0f);
    view.mask = wider;
  }
  return views;
}

std::shared_ptr<const JudgedMasks> judged(const ViewSet& views, ThreadPool& pool) {
  return std::make_shared<const JudgedMasks>(views.train, pool);
}

std::vector<Camera> camerasOf(const ViewSet& views) {
  std::vector<Camera> cameras;
  for (const View& view : views.train) cameras.push_back(view.camera);
  return cameras;
}

// Pixels that points of the object appear away from where the true cameras see them, when the views' common motion, which
// no mask tells, is not counted: root of the mean square.
double cameraError(const ViewSet& views, const ViewSet& truth) {
  const std::vector<Camera> given = camerasOf(views), right = camerasOf(truth);
  std::vector<ViewVector> motions;
  for (std::size_t v = 0; v < given.size(); ++v) {
    const glm::dmat3 turn = right[v].rotation * glm::transpose(given[v].rotation);
    const glm::dvec3 shift = right[v].translation - turn * given[v].translation;
    ViewVector q;  // small angles
    q << (turn[1][2] - turn[2][1]) / 2, (turn[2][0] - turn[0][2]) / 2, (turn[0][1] - turn[1][0]) / 2, shift.x, shift.y, shift.z, 0;
    const ViewVector units = viewUnits(given[v]);
    motions.push_back(q.cwiseQuotient(units));
  }
  double sum = 0;
  int count = 0;
  const std::vector<ViewVector> own = withoutCommonMotion(given, motions);
  for (std::size_t v = 0; v < given.size(); ++v)
    for (const glm::vec3& p : icosphere(1).positions) {
      const glm::dvec3 x = given[v].toCamera(0.7 * glm::dvec3(p));
      for (const glm::dvec2& n : {glm::dvec2(1, 0), glm::dvec2(0, 1)}) {
        ViewVector row = viewRow(given[v], viewUnits(given[v]), x, n);
        row[kViewUnknowns - 1] = 0;
        sum += row.dot(own[v]) * row.dot(own[v]);
      }
      ++count;
    }
  return std::sqrt(sum / count);
}

TEST(ViewMotion, itsRowIsTheDerivativeOfThePixel) {
  FitProblem p(eggMesh(2), viewOptions(5));
  for (const View& view : p.views->train) {
    Camera camera = view.camera;
    camera.cx += 7;
    for (const glm::dvec3& world : {glm::dvec3(0.3, 0.5, -0.2), glm::dvec3(-0.6, 0.1, 0.4)}) {
      const glm::dvec2 n = glm::normalize(glm::dvec2(0.8, -0.5));
      const ViewVector row = viewRow(camera, viewUnits(camera), camera.toCamera(world), n);
      for (int k = 0; k + 1 < kViewUnknowns; ++k) {
        const ViewVector h = 1e-3 * ViewVector::Unit(k);
        const auto pixel = [&](const ViewVector& q) { return project(movedCamera(camera, q), movedCamera(camera, q).toCamera(world)); };
        EXPECT_NEAR(glm::dot(n, pixel(h) - pixel(-h)) / 2e-3, row[k], 1e-6) << k;
      }
      EXPECT_EQ(row[kViewUnknowns - 1], 1);
    }
  }
}

TEST(ViewMotion, whatAllViewsShareIsTakenOutAndNothingElse) {
  FitProblem p(eggMesh(2), viewOptions());
  const std::vector<Camera> cameras = camerasOf(*p.views);
  // A motion of the world, seen by every camera: finite differences would do, so would any scale.
  std::vector<ViewVector> common;
  for (const Camera& camera : cameras) {
    const glm::dvec3 turn = camera.rotation * glm::dvec3(2e-3, -1e-3, 3e-3), shift = camera.rotation * glm::dvec3(0.01, 0.02, -0.01);
    const glm::dvec3 tau = shift + glm::cross(camera.translation, turn) - 0.004 * camera.translation;
    ViewVector q;
    q << turn.x, turn.y, turn.z, tau.x, tau.y, tau.z, 0;
    q = q.cwiseQuotient(viewUnits(camera));
    q[kViewUnknowns - 1] = 0.3;
    common.push_back(q);
  }
  EXPECT_GT(common[0].norm(), 1);
  for (const ViewVector& q : withoutCommonMotion(cameras, common)) EXPECT_LT(q.norm(), 1e-6);
  std::vector<ViewVector> one(cameras.size(), ViewVector::Zero());
  one[3] = error(3, 2);
  const auto left = withoutCommonMotion(cameras, one);
  EXPECT_LT((left[3] - one[3]).norm(), 0.5 * one[3].norm());
  const auto again = withoutCommonMotion(cameras, left);
  for (std::size_t v = 0; v < left.size(); ++v) EXPECT_LT((again[v] - left[v]).norm(), 1e-6);
}

// The pull on each unknown is the slope of the energy when the view is moved.
TEST(ViewTerms, theirPullIsTheSlopeOfTheEnergy) {
  FitProblem p(eggMesh(), viewOptions(4));
  Mesh mesh = *p.views->reference;
  for (glm::vec3& x : mesh.positions) x = 1.06f * x + glm::vec3(0.01f, 0, 0);  // clear of the target's outline
  const Topology topology = buildTopology(int(mesh.positions.size()), mesh.faces);
  const MeshRef<float> ref{mesh.positions, &topology};
  const auto fields = makeTargetFields(p.views->train, p.pool);
  OutlineTracer<float> tracer(p.pool);
  for (std::size_t v = 0; v < fields.size(); ++v) {
    const Camera& camera = p.views->train[v].camera;
    ViewTerms view;
    const auto energy = [&](const ViewVector& q) {
      const std::vector<CameraT<float>> moved{CameraT<float>(movedCamera(camera, q))};
      std::vector<ViewOutline<float>> outlines;
      tracer.trace(ref, moved, {}, outlines);
      std::vector<ContourTerm> terms;
      ContourTermOptions options;
      options.robust = 0;
      return makeContourTerms(ref, moved[0], outlines[0], fields[v], options, q[kViewUnknowns - 1], viewUnits(camera), terms, view).energy;
    };
    energy(ViewVector::Zero());
    const ViewVector pull = view.pull;
    for (int k = 0; k < kViewUnknowns; ++k) {
      const ViewVector h = 0.1 * ViewVector::Unit(k);
      const double slope = (energy(h) - energy(-h)) / 0.2;
      // Gauss-Newton leaves out how samples change in weight: when the camera comes nearer, by a tenth.
      EXPECT_NEAR(-slope, pull[k], 0.2 * pull.cwiseAbs().maxCoeff()) << "view " << v << " unknown " << k;
    }
  }
}

TEST(NormalEquations, viewsAreEliminatedExactly) {
  ThreadPool pool(2);
  const Mesh ball = icosphere(2);
  const Topology topology = buildTopology(int(ball.positions.size()), ball.faces);
  const ThinPlate plate(topology);
  // Samples that move with one vertex and their view: rows a and b.
  std::vector<std::vector<ContourTerm>> terms(2);
  std::vector<ViewTerms> views(2);
  std::vector<EliminatedView> eliminated;
  for (std::size_t v = 0; v < 2; ++v) {
    views[v].square = 0.2 * ViewMatrix::Identity();
    views[v].pull.setZero();
    for (std::size_t i = v; i < ball.positions.size(); i += 3) {
      const glm::vec3 a = ball.positions[i] + glm::vec3(0.1f, 0, 0.2f);
      const ViewVector b = error(i, 1);
      const float w = 0.4f, r = 0.03f * std::sin(float(i));
      ContourTerm term;
      term.count = 1, term.vertex[0] = int(i), term.diagonal[0] = {};
      addOuter(term.diagonal[0], a, w);
      term.pull[0] = w * r * a;
      terms[v].push_back(term);
      ViewTerms::Coupling c;
      c.vertex = int(i);
      for (int k = 0; k < kViewUnknowns; ++k) c.column[k] = w * float(b[k]) * a;
      views[v].coupling.push_back(c);
      views[v].square += double(w) * b * b.transpose();
      views[v].pull += double(w * r) * b;
    }
    eliminated.push_back({&views[v].coupling, ViewMatrix(views[v].square.inverse()), views[v].pull});
  }
  NormalEquations equations(pool);
  const double prior = 0.7;
  equations.build(plate, ball.positions, terms, {prior, 0}, eliminated);
  std::vector<glm::vec3> d;
  EXPECT_LT(equations.solve(3000, 1e-7, d).residual, 1e-6);
  // Both rows of the whole system.
  std::vector<glm::vec3> u(d.size()), bent(d.size());
  for (std::size_t i = 0; i < d.size(); ++i) u[i] = plate.umbrella(i, d), bent[i] = plate.umbrella(i, ball.positions);
  std::vector<glm::dvec3> left(d.size());
  double scale = 0;
  for (std::size_t i = 0; i < d.size(); ++i) {
    left[i] = prior * glm::dvec3(plate.product(i, u) + plate.product(i, bent));
    scale = std::max(scale, prior * double(glm::length(plate.product(i, bent))));
  }
  for (std::size_t v = 0; v < 2; ++v) {
    const ViewVector q = eliminated[v].solve(d);
    ViewVector row = views[v].square * q - views[v].pull;
    for (std::size_t t = 0; t < terms[v].size(); ++t) {
      const ContourTerm& term = terms[v][t];
      const ViewTerms::Coupling& c = views[v].coupling[t];
      const std::size_t i = std::size_t(c.vertex);
      left[i] += glm::dvec3(times(term.diagonal[0], glm::vec4(d[i], 0))) - glm::dvec3(term.pull[0]);
      for (int k = 0; k < kViewUnknowns; ++k) {
        left[i] += q[k] * glm::dvec3(c.column[k]);
        row[k] += double(glm::dot(c.column[k], d[i]));
      }
    }
    EXPECT_LT(row.norm(), 1e-4 * views[v].pull.norm());
    EXPECT_GT(q.norm(), 1e-4);
  }
  for (const glm::dvec3& l : left) EXPECT_LT(glm::length(l), 1e-3 * scale);
}

TEST(ViewCorrection, findsShiftedAndTurnedCameras) {
  FitProblem p(lumpyMesh(), viewOptions());
  const auto wrong = disturbed(*p.views, 1.5, 0);
  const double before = cameraError(*wrong, *p.views);
  EXPECT_GT(before, 1);
  const auto masks = judged(*wrong, p.pool);
  const ViewCorrection correction = correctViews(wrong, masks, p.pool);
  EXPECT_GE(correction.rounds, 1);
  EXPECT_LT(correction.masks->trust.noise, 0.3 * masks->trust.noise);
  EXPECT_LT(cameraError(*correction.views, *p.views), 0.35 * before);
  EXPECT_NE(correction.summary().find("cameras corrected by"), std::string::npos);
}

TEST(ViewCorrection, findsWiderAndNarrowerMasks) {
  FitProblem p(lumpyMesh(), viewOptions());
  const auto wrong = disturbed(*p.views, 0, 1);
  const ViewCorrection correction = correctViews(wrong, judged(*wrong, p.pool), p.pool);
  for (std::size_t v = 0; v < correction.views->train.size(); ++v)
    EXPECT_NEAR(correction.views->train[v].width, v % 2 ? 1 : -1, 0.35) << v;
  EXPECT_LT(cameraError(*correction.views, *p.views), 0.35);
}

TEST(ViewCorrection, leavesConsistentViewsAlone) {
  FitProblem p(lumpyMesh(), viewOptions());
  FitOptions off = p.options;
  off.viewCorrection = ViewCorrecting::Off;
  Fitter automatic(p.views, p.options, p.pool), without(p.views, off, p.pool);
  run(automatic, 5);
  run(without, 5);
  EXPECT_TRUE(sameBits(automatic.state().positions, without.state().positions));
  const ViewCorrection forced = correctViews(p.views, judged(*p.views, p.pool), p.pool);
  EXPECT_LT(cameraError(*forced.views, *p.views), 0.2) << "even when it is asked for";
}

TEST(ViewCorrection, makesABetterFitOfWrongViews) {
  FitProblem p(lumpyMesh(), viewOptions());
  const auto wrong = disturbed(*p.views, 1.5, 0.7);
  FitOptions off = p.options;
  off.viewCorrection = ViewCorrecting::Off;
  Fitter corrected(wrong, p.options, p.pool), without(wrong, off, p.pool);
  EXPECT_NE(corrected.startNote().find("Masks disagree"), std::string::npos) << corrected.startNote();
  EXPECT_EQ(without.startNote().find("Masks disagree"), std::string::npos);
  for (Fitter* fitter : {&corrected, &without})
    for (int i = 0; i < 40 && !fitter->converged(); ++i) fitter->iterate();
  // Held-out views have true cameras; the drift of all views together stays.
  EXPECT_LT(1 - corrected.measureHeldOut().iou, 0.7 * (1 - without.measureHeldOut().iou));
}

TEST(ViewCorrection, canBeSwitchedWhileAFitRunsAndGoesOnExactly) {
  FitProblem p(eggMesh(), viewOptions(8, 128));
  const auto wrong = disturbed(*p.views, 1.5, 0);
  FitOptions off = p.options;
  off.viewCorrection = ViewCorrecting::Off;
  Fitter one(wrong, p.options, p.pool), switched(wrong, off, p.pool);
  run(one, 3);
  switched.restore(one.state());
  switched.setOptions(p.options);
  FitState state = one.state();
  state.newton.restartLevel();
  Fitter resumed(wrong, p.options, p.pool, state);
  run(switched, 3);
  run(resumed, 3);
  EXPECT_TRUE(sameBits(switched.state().positions, resumed.state().positions)) << "corrections come from the views alone";
}

TEST(ViewCorrection, aContradictingMaskIsStillNamed) {
  FitProblem p(lumpyMesh(), viewOptions());
  auto wrong = std::make_shared<ViewSet>(*disturbed(*p.views, 1, 0));
  Mask& mask = wrong->train[4].mask;
  for (int y = 0; y < mask.height; ++y)
    for (int x = 0; x < mask.width / 2; ++x) mask.at(x, y) = 0;
  const auto masks = judged(*wrong, p.pool);
  EXPECT_EQ(masks->trust.distrusted, std::vector<int>{4});
  EXPECT_EQ(correctViews(wrong, masks, p.pool).masks->trust.distrusted, std::vector<int>{4});
}

TEST(ViewCorrection, aMaskThatIsLeftOutIsNamedOnceFromAnyStart) {
  FitProblem p(lumpyMesh(), viewOptions());
  auto wrong = std::make_shared<ViewSet>(*p.views);
  Mask& mask = wrong->train[4].mask;
  for (int y = 0; y < mask.height; ++y) std::fill_n(&mask.at(0, y), mask.width / 2, 0.0f);
  p.options.solver = SolverKind::Newton;
  for (const StartShape start : {StartShape::Hull, StartShape::Sphere}) {
    p.options.start = start;
    const Fitter fitter(wrong, p.options, p.pool);
    const std::string& note = fitter.startNote();
    const std::string said = wrong->train[4].name + " contradicts the others";
    const std::size_t at = note.find(said);
    ASSERT_NE(at, std::string::npos) << note;
    EXPECT_EQ(note.find(said, at + 1), std::string::npos) << note;
  }
}

TEST(ViewCorrection, isTheSameForAnyNumberOfThreads) {
  FitProblem p(eggMesh(3), viewOptions(8, 96));
  const auto wrong = disturbed(*p.views, 1.5, 0.5);
  ThreadPool one(1), three(3);
  const ViewCorrection a = correctViews(wrong, judged(*wrong, one), one), b = correctViews(wrong, judged(*wrong, three), three);
  for (std::size_t v = 0; v < a.views->train.size(); ++v) {
    EXPECT_EQ(a.views->train[v].camera.translation, b.views->train[v].camera.translation);
    EXPECT_EQ(a.views->train[v].width, b.views->train[v].width);
  }
}

}  // namespace
}  // namespace penumbra
