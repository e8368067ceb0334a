-- Counts requests, each in all of its quotas or in none; `own.py` does the same in one process.
--
-- ARGV holds for each request how many quotas it has, then for each of these how many requests
-- it grants and in how many microseconds one of them leaks away. KEYS are the buckets, in that
-- order. Answers how full each bucket is with the request in it, as text: numbers would be cut
-- to integers. The clock is the server's, so that all gateways go by one.

local TOLERANCE = 1e-6

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

-- A bucket is kept as 'level time', until it is empty.
local function level_of(bucket, requests, interval)
  local kept = redis.call('GET', bucket)
  local level, at = string.match(kept or '', '^(%S+) (%S+)$')
  level, at = tonumber(level or '0'), tonumber(at or '0')
  if not level or not at then
    return 0
  end
  -- Where the clock was put back it leaks from now on; where the quota has become smaller it is
  -- full, and no more than that.
  local leaked = math.max(0, now - at) / interval
  return math.min(requests, math.max(0, level - leaked))
end

local function keep(bucket, level, interval)
  if level > 0 then
    local kept = string.format('%.17g %.0f', level, now)
    redis.call('SET', bucket, kept, 'PX', math.max(1, math.ceil(level * interval / 1000)))
  end
end

local answer = {}
local argument, last = 1, 0
while ARGV[argument] do
  local first = last + 1
  last = last + tonumber(ARGV[argument])
  argument = argument + 1
  local counted = 1
  local intervals = {}
  for place = first, last do
    local requests = tonumber(ARGV[argument])
    intervals[place] = tonumber(ARGV[argument + 1])
    argument = argument + 2
    answer[place] = level_of(KEYS[place], requests, intervals[place]) + 1
    if answer[place] > requests + TOLERANCE then
      counted = 0
    end
  end
  for place = first, last do
    keep(KEYS[place], answer[place] - 1 + counted, intervals[place])
    answer[place] = string.format('%.17g', answer[place])
  end
end
return answer
