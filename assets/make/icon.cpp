// The facets are those of an icosphere seen along its view direction; each gets one colour by
//
//   s = smoothstep(-0.45, 0.95, n . l)   (n: facet's unit normal, l: direction of the light)
//
// looked up on a ramp from night blue over violet and amber to cream: the penumbra.
#include "assets/make/icon.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <locale>
#include <map>
#include <sstream>
#include <vector>

#include "assets/make/shapes.h"

namespace penumbra::assets {

namespace {

constexpr double kSize = 256, kRadius = 92;  // px

struct Ball {
  std::vector<Point> positions;
  std::vector<Face> faces;
};

Ball icosahedron() {
  const double g = 0.5 * (1 + std::sqrt(5.0));
  Ball ball{{{-1, g, 0}, {1, g, 0}, {-1, -g, 0}, {1, -g, 0}, {0, -1, g}, {0, 1, g},
             {0, -1, -g}, {0, 1, -g}, {g, 0, -1}, {g, 0, 1}, {-g, 0, -1}, {-g, 0, 1}},
            {{0, 11, 5}, {0, 5, 1}, {0, 1, 7}, {0, 7, 10}, {0, 10, 11}, {1, 5, 9}, {5, 11, 4}, {11, 10, 2}, {10, 7, 6},
             {7, 1, 8}, {3, 9, 4}, {3, 4, 2}, {3, 2, 6}, {3, 6, 8}, {3, 8, 9}, {4, 9, 5}, {2, 4, 11}, {6, 2, 10},
             {8, 6, 7}, {9, 8, 1}}};
  for (Point& p : ball.positions) p = glm::normalize(p);
  return ball;
}

// Each face becomes four, new vertices on the unit sphere.
Ball subdivide(const Ball& coarse) {
  Ball ball{coarse.positions, {}};
  std::map<std::pair<int, int>, int> middles;
  const auto middle = [&](int a, int b) {
    const auto [entry, isNew] = middles.try_emplace(std::minmax(a, b), int(ball.positions.size()));
    if (isNew) {
      const Point sum = ball.positions[std::size_t(a)] + ball.positions[std::size_t(b)];
      ball.positions.push_back(glm::normalize(sum));
    }
    return entry->second;
  };
  for (const Face& f : coarse.faces) {
    const int ab = middle(f.x, f.y), bc = middle(f.y, f.z), ca = middle(f.z, f.x);
    for (const Face& part : {Face(f.x, ab, ca), Face(f.y, bc, ab), Face(f.z, ca, bc), Face(ab, bc, ca)})
      ball.faces.push_back(part);
  }
  return ball;
}

// Turned so that no symmetry axis faces the viewer.
Point turn(const Point& p) {
  const double a = 0.42, b = -0.31;
  const Point q(std::cos(a) * p.x + std::sin(a) * p.z, p.y, std::cos(a) * p.z - std::sin(a) * p.x);
  return {q.x, std::cos(b) * q.y - std::sin(b) * q.z, std::sin(b) * q.y + std::cos(b) * q.z};
}

std::string colour(double s) {
  static constexpr std::array<std::array<double, 3>, 6> kRamp{{{22, 26, 40}, {38, 38, 66}, {92, 66, 112},
                                                              {190, 104, 104}, {246, 176, 104}, {255, 236, 200}}};
  const double x = std::clamp(s, 0.0, 1.0) * (double(kRamp.size()) - 1);
  const auto i = std::min(std::size_t(x), kRamp.size() - 2);
  const double t = x - double(i);
  char text[8];
  const auto channel = [&](std::size_t k) { return int(std::lround(kRamp[i][k] + t * (kRamp[i + 1][k] - kRamp[i][k]))); };
  std::snprintf(text, sizeof text, "#%02x%02x%02x", channel(0), channel(1), channel(2));
  return text;
}

// Hundredths of a pixel, without any locale's decimal comma.
std::string number(double value) {
  const long hundredths = std::lround(100 * std::abs(value));
  std::string text(value < 0 && hundredths > 0 ? 1 : 0, '-');
  text += std::to_string(hundredths / 100);
  text += '.';
  text += std::to_string(100 + hundredths % 100).substr(1);
  return text;
}

void writeFacets(std::ostringstream& svg) {
  Ball ball = subdivide(subdivide(icosahedron()));
  for (Point& p : ball.positions) p = turn(p);
  const Point light = glm::normalize(Point(-0.72, 0.55, 0.42));
  for (const Face& f : ball.faces) {
    const Point a = ball.positions[std::size_t(f.x)], b = ball.positions[std::size_t(f.y)],
                c = ball.positions[std::size_t(f.z)];
    const Point normal = glm::normalize(glm::cross(b - a, c - a));
    if (normal.z <= 0) continue;
    const double t = std::clamp((glm::dot(normal, light) + 0.45) / 1.40, 0.0, 1.0);
    const std::string fill = colour(t * t * (3 - 2 * t));
    svg << "  <path d=\"";
    const char* command = "M";
    for (const Point& p : {a, b, c}) {
      svg << command << number(kSize / 2 + kRadius * p.x) << " " << number(kSize / 2 - kRadius * p.y);
      command = "L";
    }
    svg << "Z\" fill=\"" << fill << "\" stroke=\"" << fill << "\"/>\n";
  }
}

}  // namespace

std::string iconSvg() {
  std::ostringstream svg;
  svg.imbue(std::locale::classic());
  svg << R"svg(<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256" viewBox="0 0 256 256">
 <title>Penumbra</title>
 <defs>
  <linearGradient id="tile" x1="0" y1="0" x2="1" y2="1">
   <stop offset="0" stop-color="#2a3047"/><stop offset="1" stop-color="#0e1119"/>
  </linearGradient>
  <radialGradient id="glow" cx="92" cy="100" r="124" gradientUnits="userSpaceOnUse">
   <stop offset="0.55" stop-color="#ffc27a" stop-opacity="0.42"/><stop offset="1" stop-color="#ffc27a" stop-opacity="0"/>
  </radialGradient>
 </defs>
 <rect x="8" y="8" width="240" height="240" rx="54" fill="url(#tile)"/>
 <clipPath id="inside"><rect x="8" y="8" width="240" height="240" rx="54"/></clipPath>
 <rect x="8" y="8" width="240" height="240" fill="url(#glow)" clip-path="url(#inside)"/>
 <g stroke-width="0.6" stroke-linejoin="round">
)svg";
  writeFacets(svg);
  svg << " </g>\n</svg>\n";
  return svg.str();
}

}  // namespace penumbra::assets
