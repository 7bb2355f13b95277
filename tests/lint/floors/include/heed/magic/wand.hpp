// Not a floor at all.  // expect: floors
#pragma once
