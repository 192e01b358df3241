"""A prompt with passages, as an agent would write it."""

API_KEY = "sk-of-the-simulator"
GENERATION = "/api/v1/services/aigc/text-generation/generation"
EMBEDDING = "/api/v1/services/embeddings/text-embedding/text-embedding"

PASSAGES = """\
请只根据资料回答顾客的问题。

[1] 真丝连衣裙建议手洗，水温不超过30度。不可漂白。
[2] 签收后七天内可以无理由退货。退货运费由顾客承担。
[3] 门店营业时间是早上十点到晚上十点。
"""
QUESTION = "七天内可以退货吗？"
MESSAGES = [{"role": "system", "content": PASSAGES}, {"role": "user", "content": QUESTION}]
ANSWER = "签收后七天内可以无理由退货。[2]"
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "find_order",
            "description": "查订单",
            "parameters": {"type": "object", "properties": {"order_id": {"type": "string"}}},
        },
    }
]
