// The table of options: one row each, in the order the window shows them. To add an option: a member of FitOptions and
// a row here.
#include "optim/options.h"

namespace penumbra {
namespace {

template <class> struct MemberOf;
template <class Member> struct MemberOf<Member FitOptions::*> { using Type = Member; };

template <auto kMember> double get(const FitOptions& options) { return static_cast<double>(options.*kMember); }
template <auto kMember> void set(FitOptions& options, double value) {
  using Member = typename MemberOf<decltype(kMember)>::Type;
  if constexpr (std::is_same_v<Member, double>) options.*kMember = value;
  else if constexpr (std::is_same_v<Member, bool>) options.*kMember = value != 0;
  else options.*kMember = static_cast<Member>(static_cast<int>(value));
}

constexpr const char* kPlacements[] = {"fibonacci", "ring", "six_axes"};
constexpr const char* kStarts[] = {"auto", "sphere", "ellipsoid", "box", "convex", "hull", "mesh"};
constexpr const char* kSolvers[] = {"auto", "newton", "gradient"};
constexpr const char* kCoverages[] = {"contour", "softras"};
constexpr const char* kOptimizers[] = {"adam", "adam_uniform", "vector_adam", "steady_adam"};
constexpr const char* kRateUnits[] = {"object", "pixels", "edges"};
constexpr const char* kRemeshing[] = {"auto", "on", "off"};
constexpr const char* kViewCorrecting[] = {"auto", "on", "off"};
constexpr const char* kParameters[] = {"positions", "differential"};
constexpr const char* kLosses[] = {"l2", "l1", "soft_iou"};
constexpr const char* kLaplacians[] = {"uniform", "cotangent"};
constexpr const char* kBackends[] = {"auto", "cpu", "cuda"};

using enum OptionScale;
constexpr OptionEffect kNow = OptionEffect::NextStep, kReset = OptionEffect::Reset, kTargets = OptionEffect::Targets;
constexpr bool kBasic = false, kAdvanced = true;

bool always(const FitOptions&) { return true; }
bool newtonOnly(const FitOptions& o) { return o.solver == SolverKind::Newton; }
bool gradientOnly(const FitOptions& o) { return o.solver == SolverKind::Gradient; }
bool newtonByLevels(const FitOptions& o) { return newtonOnly(o) && o.coarseToFine; }
bool mayConverge(const FitOptions& o) { return newtonOnly(o) || o.coarseToFine; }
bool sigmaByCount(const FitOptions& o) { return gradientOnly(o) && !o.coarseToFine; }
bool remeshing(const FitOptions& o) { return gradientOnly(o) && o.remesh != Remeshing::Off; }
bool meshIsMade(const FitOptions& o) { return gradientOnly(o) ? remeshing(o) : o.coarseToFine; }
bool noHullOrFile(const FitOptions& o) { return o.start != StartShape::Hull && o.start != StartShape::File; }
bool hullOnly(const FitOptions& o) { return o.start == StartShape::Hull; }

struct Row {
  const char* name;
  const char* label;
  const char* unit;
  OptionScale scale;
  double min, max;
  OptionEffect effect;
  bool advanced;
  const char* doc;
  bool (*applies)(const FitOptions&) = always;
};

template <auto kMember> Option row(const char* group, const Row& r, std::span<const char* const> choices = {}) {
  return {r.name, group, r.label, r.unit, r.scale, r.min, r.max, r.effect, r.advanced, choices, r.doc,
          get<kMember>, set<kMember>, r.applies};
}
template <auto kMember>
Option choiceRow(const char* group, Row r, std::span<const char* const> choices) {
  r.max = double(choices.size()) - 1;
  return row<kMember>(group, r, choices);
}

using F = FitOptions;

void addTargetRows(std::vector<Option>& t) {
  t.push_back(row<&F::views>(kModelGroup, {"views", "Views", "", Integer, 1, 512, kTargets, kBasic,
      "Number of cameras around a model whose masks the fit sees."}));
  t.push_back(choiceRow<&F::placement>(kModelGroup, {"placement", "Placement", "", Choice, 0, 0, kTargets, kBasic,
      "How the cameras stand: spread over the sphere, on one ring, or on the six axes."}, kPlacements));
  t.push_back(row<&F::elevationMin>(kModelGroup, {"elevation_min", "Lowest elevation", "deg", Linear, -90, 90, kTargets, kAdvanced,
      "Lowest angle of a camera above the ground plane."}));
  t.push_back(row<&F::elevationMax>(kModelGroup, {"elevation_max", "Highest elevation", "deg", Linear, -90, 90, kTargets, kAdvanced,
      "Highest angle of a camera above the ground plane."}));
  t.push_back(row<&F::fieldOfView>(kModelGroup, {"field_of_view", "Field of view", "deg", Linear, 5, 120, kTargets, kAdvanced,
      "Angle that the shorter side of each image spans."}));
  t.push_back(row<&F::size>(kModelGroup, {"size", "Image size", "px", Integer, 16, 2048, kTargets, kBasic,
      "Side of the square images a model is seen in."}));
  t.push_back(row<&F::heldOutViews>(kModelGroup, {"held_out_views", "Held-out views", "", Integer, 0, 128, kTargets, kAdvanced,
      "Extra cameras that only measure the result and never drive it."}));
  t.push_back(row<&F::seed>(kModelGroup, {"seed", "Seed", "", Integer, 0, 2147483647, kTargets, kAdvanced,
      "Number all randomness is drawn from: the same seed gives the same result, bit for bit."}));
  t.push_back(row<&F::maxSize>(kPhotoSetGroup, {"max_size", "Largest side", "px", Integer, 16, 4096, kTargets, kBasic,
      "Masks with a longer side than this are reduced to it when a folder is opened."}));
  t.push_back(row<&F::useEvery>(kPhotoSetGroup, {"use_every", "Use every", "", Integer, 1, 1000, kTargets, kAdvanced,
      "Takes every n-th training view of a folder."}));
  t.push_back(row<&F::holdOutEvery>(kPhotoSetGroup, {"hold_out_every", "Hold out every", "", Integer, 0, 1000, kTargets, kAdvanced,
      "Keeps every n-th view for measuring when the folder has no test views of its own; 0 keeps none."}));
  t.push_back(row<&F::invertMasks>(kPhotoSetGroup, {"invert_masks", "Invert masks", "", Toggle, 0, 1, kTargets, kBasic,
      "Reads white as background and black as object."}));
}

void addStartRows(std::vector<Option>& t) {
  constexpr const char* kStart = "Start";
  t.push_back(choiceRow<&F::start>(kStart, {"start", "Start from", "", Choice, 0, 0, kReset, kBasic,
      "Shape the fit begins with: a sphere inside all views, the masks' ellipsoid, bounding box or convex hull, the visual hull "
      "carved from the masks, or a mesh from a file; auto takes the hull when there are at least 6 views."}, kStarts));
  t.push_back(row<&F::sphereLevel>(kStart, {"sphere_level", "Sphere level", "", Integer, 0, 7, kReset, kBasic,
      "Subdivisions of the start sphere or ellipsoid: 10 * 4^n + 2 vertices; box and convex hull get about as many.", noHullOrFile}));
  t.push_back(row<&F::hullResolution>(kStart, {"hull_resolution", "Hull resolution", "steps", Integer, 16, 512, kReset, kBasic,
      "Grid steps along the longest side of the visual hull: more keep finer detail and take longer. Doubled up to 256 while "
      "its holes are about as narrow as a step and more steps make surer of them.", hullOnly}));
}

void addSolverRows(std::vector<Option>& t) {
  constexpr const char* kGroup = "Solver";
  t.push_back(choiceRow<&F::solver>(kGroup, {"solver", "Solver", "", Choice, 0, 0, kNow, kBasic,
      "Newton moves the outlines onto the masks' in a few large steps, gradient descends on rendered coverage in many small "
      "ones; auto takes newton from the hull or a file, else gradient."}, kSolvers));
  t.push_back(row<&F::prior>(kGroup, {"prior", "Smoothness", "", Log, 1e-3, 1e3, kNow, kBasic,
      "Newton: how stiff the surface is where no silhouette tells its shape.", newtonOnly}));
  t.push_back(row<&F::robust>(kGroup, {"robust", "Trust masks within", "px", Linear, 0, 20, kNow, kBasic,
      "Newton: outlines farther off than this pull no harder, so that wrong masks do little harm; 0 trusts all alike.", newtonOnly}));
  t.push_back(choiceRow<&F::viewCorrection>(kGroup, {"view_correction", "Correct views", "", Choice, 0, 0, kNow, kBasic,
      "Newton: before the fit, puts cameras right that are a few pixels off and masks that are a little too wide or too "
      "narrow; auto does so where masks disagree by more than 0.1 px.", newtonOnly}, kViewCorrecting));
  t.push_back(row<&F::coarseToFine>(kGroup, {"coarse_to_fine", "Coarse to fine", "", Toggle, 0, 1, kNow, kBasic,
      "Newton begins with a coarse mesh and refines it as it settles; gradient sharpens sigma as the outlines come "
      "near instead of after sigma_steps."}));
  t.push_back(row<&F::finestTurn>(kGroup, {"finest_turn", "Densest above", "deg", Linear, 0, 90, kNow, kAdvanced,
      "Newton, coarse to fine: the densest mesh is made while outlines are rough and half of all neighbouring faces turn by "
      "more than this; 0 makes it wherever outlines are rough.", newtonByLevels}));
  t.push_back(row<&F::retopology>(kGroup, {"retopology", "Follow topology", "", Toggle, 0, 1, kNow, kBasic,
      "Carves the mesh anew where the masks lastingly show holes or parts it cannot reach, and keeps that when it fits better."}));
  t.push_back(row<&F::stopWhenConverged>(kGroup, {"stop_when_converged", "Stop by itself", "", Toggle, 0, 1, kNow, kBasic,
      "Ends the fit when steps no longer improve it, one by gradient only with coarse to fine and when its outlines, sigma "
      "and triangles have come to rest; Start goes on.", mayConverge}));
}

void addCoverageRows(std::vector<Option>& t) {
  constexpr const char* kCoverage = "Coverage";
  t.push_back(choiceRow<&F::coverage>(kCoverage, {"coverage", "Model", "", Choice, 0, 0, kNow, kBasic,
      "Contour blurs the outline of the whole shape; SoftRas blends every triangle on its own, as in the literature.", gradientOnly},
      kCoverages));
  t.push_back(row<&F::sigma>(kCoverage, {"sigma", "Sigma", "ndc^2", Log, 1e-7, 1e-1, kNow, kBasic,
      "Softness at the beginning: the blurred band is sqrt(sigma) * half the shorter image side wide.", gradientOnly}));
  t.push_back(row<&F::sigmaEnd>(kCoverage, {"sigma_end", "Sigma at the end", "ndc^2", Log, 1e-7, 1e-1, kNow, kBasic,
      "Softness that sigma moves to; coarse to fine stops at half a pixel at the latest.", gradientOnly}));
  t.push_back(row<&F::sigmaSteps>(kCoverage, {"sigma_steps", "Sigma steps", "", Integer, 0, 1000000, kNow, kAdvanced,
      "Iterations over which sigma reaches its end value, by one factor each; 0 keeps it as it is.", sigmaByCount}));
  t.push_back(row<&F::softTarget>(kCoverage, {"soft_target", "Soften masks", "", Toggle, 0, 1, kNow, kAdvanced,
      "Softens the masks by the same profile as the coverage, so that a wide sigma does not bias the shape.", gradientOnly}));
}

void addOptimiserRows(std::vector<Option>& t) {
  constexpr const char* kGroup = "Optimiser";
  t.push_back(row<&F::iterations>(kGroup, {"iterations", "Iterations", "", Integer, 1, 1000000, kNow, kBasic,
      "Planned number of steps; Start after the end plans as many more."}));
  t.push_back(choiceRow<&F::optimizer>(kGroup, {"optimizer", "Method", "", Choice, 0, 0, kNow, kBasic,
      "Adam scales every coordinate on its own; AdamUniform all by one number, which keeps steps smooth; VectorAdam "
      "every vertex; SteadyAdam every vertex in units of its edges, slowly where its gradient keeps turning.", gradientOnly},
      kOptimizers));
  t.push_back(choiceRow<&F::parameters>(kGroup, {"parameters", "Parameters", "", Choice, 0, 0, kNow, kBasic,
      "What is moved: the vertices, or differential coordinates whose steps spread smoothly over the mesh.", gradientOnly},
      kParameters));
  t.push_back(row<&F::lambda>(kGroup, {"lambda", "Lambda", "", Log, 1e-2, 1e4, kNow, kBasic,
      "How far a step spreads with differential coordinates: about sqrt(lambda) edges.", gradientOnly}));
  t.push_back(row<&F::learningRate>(kGroup, {"learning_rate", "Learning rate", "", Log, 1e-6, 100, kNow, kBasic,
      "Length of one step of the parameters, in the rate's unit.", gradientOnly}));
  t.push_back(choiceRow<&F::rateUnit>(kGroup, {"rate_unit", "Rate unit", "", Choice, 0, 0, kNow, kAdvanced,
      "What the learning rate counts: radii of the normalised object, pixels at its middle, or mean edges of the mesh; "
      "with SteadyAdam it is always each vertex's own edges.", gradientOnly},
      kRateUnits));
  t.push_back(row<&F::motionSmoothing>(kGroup, {"motion_smoothing", "Smooth motion", "", Linear, 0, 1, kNow, kAdvanced,
      "Draws each vertex towards its neighbours' middle in proportion to how steadily it moves.", gradientOnly}));
  t.push_back(row<&F::learningRateEnd>(kGroup, {"learning_rate_end", "Rate at the end", "x", Log, 1e-4, 1, kNow, kAdvanced,
      "Factor the learning rate has fallen to at the last planned iteration.", gradientOnly}));
  t.push_back(row<&F::beta1>(kGroup, {"beta1", "Beta 1", "", Linear, 0, 0.9999, kNow, kAdvanced,
      "Memory of the mean gradient: 0.9 remembers about 10 steps.", gradientOnly}));
  t.push_back(row<&F::beta2>(kGroup, {"beta2", "Beta 2", "", Linear, 0, 0.99999, kNow, kAdvanced,
      "Memory of the mean squared gradient: 0.95 remembers about 20 steps.", gradientOnly}));
  t.push_back(row<&F::viewsPerStep>(kGroup, {"views_per_step", "Views per step", "", Integer, 0, 4096, kNow, kAdvanced,
      "Views used in one step, drawn without repetition until all were used; 0 uses all.", gradientOnly}));
}

void addRemeshRows(std::vector<Option>& t) {
  constexpr const char* kGroup = "Remeshing";
  t.push_back(choiceRow<&F::remesh>(kGroup, {"remesh", "Remesh", "", Choice, 0, 0, kNow, kBasic,
      "Refines, coarsens and evens out the triangles while the fit runs; auto does so unless the start is a file.",
      gradientOnly}, kRemeshing));
  t.push_back(row<&F::remeshEvery>(kGroup, {"remesh_every", "Every", "steps", Integer, 1, 1000, kNow, kAdvanced,
      "Steps between two remeshings.", remeshing}));
  t.push_back(row<&F::minEdge>(kGroup, {"min_edge", "Shortest edge", "px", Log, 1.3, 100, kNow, kBasic,
      "Edges are not split below this length; masks tell nothing finer than about 1.3 pixels. Newton stays above 2.", meshIsMade}));
  t.push_back(row<&F::maxEdge>(kGroup, {"max_edge", "Longest edge", "px", Log, 2, 1000, kNow, kBasic,
      "Edges longer than this are split everywhere.", meshIsMade}));
  t.push_back(row<&F::maxFaces>(kGroup, {"max_faces", "Most faces", "", Integer, 100, 2000000, kNow, kBasic,
      "No mesh gets more faces than this while it is fitted; one from a file keeps its own.", meshIsMade}));
}

void addObjectiveRows(std::vector<Option>& t) {
  constexpr const char* kLoss = "Loss";
  t.push_back(choiceRow<&F::loss>(kLoss, {"loss", "Loss", "", Choice, 0, 0, kNow, kBasic,
      "How coverage and mask are compared: squared difference, absolute difference, or overlap.", gradientOnly}, kLosses));
  t.push_back(row<&F::silhouetteWeight>(kLoss, {"silhouette_weight", "Weight", "", Linear, 0, 10, kNow, kAdvanced,
      "Weight of the comparison of coverage and masks in the objective.", gradientOnly}));
  constexpr const char* kGroup = "Regularisers";
  t.push_back(row<&F::laplacian>(kGroup, {"laplacian", "Laplacian", "", Linear, 0, 10, kNow, kBasic,
      "Weight that draws each vertex to the middle of its neighbours.", gradientOnly}));
  t.push_back(choiceRow<&F::laplacianWeights>(kGroup, {"laplacian_weights", "Laplacian kind", "", Choice, 0, 0, kNow, kAdvanced,
      "Uniform also evens out triangles; cotangent acts on the surface's curvature only.", gradientOnly}, kLaplacians));
  t.push_back(row<&F::normalConsistency>(kGroup, {"normal_consistency", "Normal consistency", "", Linear, 0, 10, kNow, kBasic,
      "Weight that draws the normals of neighbouring faces together.", gradientOnly}));
  t.push_back(row<&F::edgeLength>(kGroup, {"edge_length", "Edge lengths", "", Linear, 0, 10, kNow, kBasic,
      "Weight that draws all edges to one length.", gradientOnly}));
  constexpr const char* kPerformance = "Performance";
  t.push_back(choiceRow<&F::backend>(kPerformance, {"backend", "Backend", "", Choice, 0, 0, kNow, kBasic,
      "What computes: the processor or a CUDA graphics card; auto takes the fastest there is."}, kBackends));
  t.push_back(row<&F::threads>(kPerformance, {"threads", "Threads", "", Integer, 0, 256, kNow, kAdvanced,
      "Processor threads; 0 uses all processors, and the result does not depend on it."}));
}

std::vector<Option> makeTable() {
  std::vector<Option> table;
  addTargetRows(table);
  addStartRows(table);
  addSolverRows(table);
  addCoverageRows(table);
  addOptimiserRows(table);
  addRemeshRows(table);
  addObjectiveRows(table);
  return table;
}

}  // namespace

std::span<const Option> fitOptionTable() {
  static const std::vector<Option> table = makeTable();
  return table;
}

}  // namespace penumbra
