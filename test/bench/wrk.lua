-- The load of wrk.ts: POSTs the bodies that come on standard input, one a line, again and again, and ends with a line of
-- JSON that says what came of it. The first argument tells this run from others: each %NEW% in a body is sent as that and a
-- number. With `check` as the second one it reads every answer, which makes wrk slower. A third one is sent as Authorization.

local head
local run
local requests = {}
local sent = 0
local made = 0
local threads = {}
failures = 0

function setup(thread)
  table.insert(threads, thread)
end

local function requestOf(body)
  return head .. "content-length: " .. #body .. "\r\n\r\n" .. body
end

function init(arguments)
  run = arguments[1]
  -- wrk.format gives the headers another order in each run. A server's code for one order is compiled anew for the next.
  head = "POST " .. wrk.path .. " HTTP/1.1\r\nhost: " .. wrk.headers["Host"] .. "\r\ncontent-type: application/json\r\n"
  if arguments[3] then
    head = head .. "authorization: " .. arguments[3] .. "\r\n"
  end
  for body in io.lines() do
    table.insert(requests, body:find("%NEW%", 1, true) and { body = body } or requestOf(body))
  end
  if arguments[2] == "check" then
    -- wrk looks whether this function exists when the thread is ready.
    function response(status, _, body)
      if status ~= 200 or body:find('"errors"', 1, true) then
        failures = failures + 1
      end
    end
  end
end

local function anew()
  made = made + 1
  return run .. "-" .. made
end

function request()
  sent = sent + 1
  local each = requests[(sent - 1) % #requests + 1]
  if type(each) == "string" then
    return each
  end
  local body = each.body:gsub("%%NEW%%", anew)
  return requestOf(body)
end

function done(summary, latency)
  local wrong = summary.errors
  local count = wrong.connect + wrong.read + wrong.write + wrong.status + wrong.timeout
  for _, thread in ipairs(threads) do
    count = count + thread:get("failures")
  end
  local line = '{"answers":%d,"seconds":%f,"failures":%d,"p99Ms":%f}\n'
  io.write(line:format(summary.requests, summary.duration / 1e6, count, latency:percentile(99) / 1e3))
end
