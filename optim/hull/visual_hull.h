// The visual hull of a set of masks as a mesh that is ready to be fitted: the largest body with these silhouettes.
//
// field (hull_field.h) -> grid (hull_grid.h) -> cleaning (hull_cleaning.h) -> surface (hull_surface.h) -> even triangles
// (isotropic_remesh.h). The result is closed, a 2-manifold, wound outward and the same bits for any number of threads.
// A mask that contradicts the others does not carve; where masks disagree by some pixels all are taken as that much
// wider, for a point once carved is lost to the fit (view_trust.h).
// Where no handle is sure (genusConfidence() in phantoms.h is 0) holes of the masks may be as narrow as the grid's steps.
// Then a grid of twice the steps is made too, and taken when its handles are surer.
// Limits: what no silhouette shows (hollows) is filled; tunnels thinner than a step of the grid may close.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "optim/hull/hull_field.h"
#include "optim/hull/view_trust.h"
#include "optim/view_set.h"
#include "renderer/cpu/thread_pool.h"
#include "renderer/mesh.h"

namespace penumbra {

class HullCard;  // hull_card.h

struct HullOptions {
  int resolution = 128;      // grid steps along the longest side, 16 .. 512
  int finest = 0;            // steps to go up to, doubling, while every handle hangs on a step of the grid; see below
  double edgePixels = 3;     // wanted edge length in pixels of the masks, at least one step of the grid; 0: no remeshing
  int mostVertices = 0;      // about; longer edges where there would be more, in one sweep of remeshing instead of two, for
                             // those who thin it further; 0: no limit
  bool frameCarves = false;  // outside a view's frame is background; else unknown
  double radius = 1.1;       // of the ball around the origin that holds the object
  bool cutPhantoms = true;   // handles that no mask shows go (phantoms.h); false measures what that is worth
};

struct Hull {
  Mesh mesh;
  int components = 0, genus = 0;                               // of the mesh
  double genusConfidence = 0;                                  // 0 .. 1, see genusConfidence() in phantoms.h
  int emptyViews = 0, cavitiesFilled = 0, partsDropped = 0;
  int tunnelsFilled = 0, bridgesCut = 0;                       // that no silhouette shows
  std::vector<std::string> distrusted;                         // views that contradict the others (view_trust.h)
  double noise = 0;                                            // of the masks, pixels, likewise
  double step = 0;                                             // of the grid, world units
  std::string summary() const;                                 // "1 part, genus 0, 10242 vertices"
};

// What may be known of the views' masks already; see JudgedMasks.
struct KnownMasks {
  std::span<const Mask* const> distances;  // to the outlines, inside positive, one for each view
  const ViewTrust& trust;                  // by number of the view
};

// Throws Error(Input) when no mask shows anything or the masks have no point in common. `card`, when given, makes the
// distances that are not known and samples the grids, until it fails; the result is the same up to rounding
// (renderer/device_hull.h).
Hull makeVisualHull(std::span<const View> views, const HullOptions& options, ThreadPool& pool,
                    const KnownMasks* known = nullptr, HullCard* card = nullptr);

// The same for any solid: `masks` says which parts and handles are needed. Throws Error(Usage) on impossible options,
// Error(Input) when nothing is inside. `emptyViews` stays 0.
Hull meshSolid(const SolidField& solid, const HullField& masks, const HullOptions& options, ThreadPool& pool);

// Throws Error(Input) when a mask does not fit its camera.
void checkHullViews(std::span<const View> views);

}  // namespace penumbra
